// SPDX-License-Identifier: MIT
#include <smplist/smplist.hpp>

#include <cstdio>
#include <utility>

int main() {
  const auto where = smplist::host::try_parse("sps.example");
  if (!where) return 1;
  smplist::policy_draft draft;
  draft.sources.push_back({"sps", smplist::source_kind::standalone, *where, {}, smplist::endpoint{}});
  draft.standard.sources = {"sps"};
  const auto policy = smplist::policy::make(std::move(draft));
  if (!policy) return 2;

  smplist::client client;
  client.addresses.emplace_back(smplist::address::from_ipv4(0x0A140304));
  client.location = smplist::location::internal;
  for (const smplist::attempt& step : smplist::evaluate(*policy, client, smplist::service::file_reputation).attempts) {
    std::puts(step.url.c_str());
  }
  return 0;
}
