// SPDX-License-Identifier: MIT
// One digest over compiled bytes, plans and classes: every compiler, processor and way of comparing must print the same.
#include "../cpp/support/bulk.hpp"
#include "../cpp/support/generate.hpp"

#include <smplist/compile.hpp>
#include <smplist/detail/hash.hpp>
#include <smplist/document.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace smplist;

/// A policy with enough ranges for every kind of record and node.
policy many_ranges(generate::dice& d, std::size_t ranges) {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.on_overlap = overlap_rule::most_specific;
  source s{"a", source_kind::standalone, *host::try_parse("a.example")};
  s.file_reputation = endpoint{scheme::https, 443};
  draft.sources.push_back(s);
  for (std::size_t i = 0; i < 300; ++i) draft.lists.push_back({"l" + std::to_string(i), {}, order::ordered, {"a"}});
  const auto word = [&] {
    return std::uint64_t{d.below(65536)} << 48U | std::uint64_t{d.below(65536)} << 32U | d.below(65536) << 16U | d.below(65536);
  };
  for (std::size_t i = 0; i < ranges; ++i) {
    const std::uint64_t size = word() >> (32 + d.below(32));
    auto first = static_cast<std::uint32_t>(word());
    if (d.one_in(2)) first &= ~0xFFU;
    const std::uint64_t last = std::min<std::uint64_t>(first + (d.one_in(2) ? size >> 16U : size >> 22U), 0xFFFFFFFFU);
    const address ends[] = {address::from_ipv4(first), address::from_ipv4(static_cast<std::uint32_t>(last))};
    draft.lists[d.below(300)].ranges.push_back(*address_range::try_make(ends[0], ends[1]));
    const std::uint64_t high = 0x2000000000000000U | word() >> 4U;
    const std::uint64_t low = d.one_in(3) ? word() : 0;
    draft.lists[d.below(300)].ranges.push_back(
        *address_range::try_make(address::from_ipv6(high, low), address::from_ipv6(high, low | word())));
  }
  // chunks with 2, 4, 6 and so on bounds: short lists, long ones, trees
  for (std::uint32_t chunk = 0; chunk < 20; ++chunk) {
    for (std::uint32_t k = 0; k <= chunk; ++k) {
      const std::uint32_t first = 0xC6120000U + (chunk << 14U) + 700 * k + 3 * chunk + 1;
      draft.lists[(chunk + k) % 300].ranges.push_back(
          *address_range::try_make(address::from_ipv4(first), address::from_ipv4(first + 300 + k)));
    }
  }
  return *policy::make(draft);
}

void add(detail::sha256& digest, std::string_view text) { digest.update(text); }

/// Texts of addresses of both families, some of them damaged, as a block of a column reads them: one line, or nothing if that is not
/// what each of them is by itself.
std::string in_bulk(generate::dice& d, std::size_t rows) {
  std::vector<std::string> texts;
  std::vector<std::optional<address>> wanted;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t any = detail::mix64(d.below(std::size_t{1} << 31U));
    const std::uint64_t high = any >> d.below(64);
    const std::uint64_t low = detail::mix64(any) >> d.below(64);
    std::string text = address::from_ipv6(high, low).to_text();
    if (d.one_in(3)) text = address::from_ipv4(static_cast<std::uint32_t>(any)).to_text();
    const std::size_t damaged = d.below(9 * text.size());
    if (damaged < text.size()) text[damaged] = ":.fg0"[d.below(5)];
    const auto one = address::try_parse(text);
    wanted.push_back(one ? std::optional(*one) : std::nullopt);
    texts.push_back(std::move(text));
  }
  const bulk::reading read(texts);
  if (!read.each_once || read.found != wanted) return {};
  std::string out;
  for (const auto& found : read.found) out += (found ? found->to_text() : "-") + '\n';
  return out;
}

}  // namespace

int main() {
  generate::dice d(20261124);
  detail::sha256 digest;
  std::size_t plans = 0;
  while (plans < 10000) {
    const policy p = *policy::make(generate::draft(d));
    const compiled_policy fast = compile(p);
    add(digest, {reinterpret_cast<const char*>(fast.data()), fast.size()});
    scratch room(fast);
    for (int k = 0; k < 5; ++k) {
      const client who = generate::somebody(d);
      for (const service what : all_services) {
        const plan found = fast.evaluate(who, what, room, 1).to_plan();
        if (found != evaluate(p, who, what, {1, {}})) return std::puts("the compiled form and the plain engine differ"), 1;
        add(digest, to_json(found));
        ++plans;
      }
    }
  }
  std::size_t classes = 0;
  for (const std::size_t ranges : {500U, 50000U}) {
    const compiled_policy fast = compile(many_ranges(d, ranges));
    if (!compiled_policy::from_bytes(fast.data(), fast.size())) return std::puts("the bytes were refused"), 1;
    add(digest, {reinterpret_cast<const char*>(fast.data()), fast.size()});
    std::string row;
    for (std::size_t i = 0; i < 250000; ++i) {
      const std::uint64_t any = detail::mix64(i);
      const auto x = static_cast<std::uint32_t>(i % 8 == 0 ? 0xC6120000U + any % (20U << 14U) : any);
      row += std::to_string(fast.class_of(address::from_ipv4(x))) + ',';
      row +=
          std::to_string(fast.class_of(address::from_ipv6(0x2000000000000000U | detail::mix64(i) >> 4U, detail::mix64(i + 1)))) +
          ',';
      classes += 2;
    }
    add(digest, row);
  }
  std::size_t texts = 0;
  for (; texts < 100000; texts += arrow::address_block::room) {
    const std::string read = in_bulk(d, arrow::address_block::room);
    if (read.empty()) return std::puts("texts in bulk are not what they are one by one"), 1;
    add(digest, read);
  }
  std::printf("%zu plans, %zu classes, %zu texts: %s\n", plans, classes, texts, detail::hex(digest.finish()).c_str());
  return 0;
}
