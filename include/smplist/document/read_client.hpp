// SPDX-License-Identifier: MIT
/// \file document/read_client.hpp
/// Side room. From a document tree to a client, or to everything that is wrong with it.
#pragma once

#include <smplist/client.hpp>
#include <smplist/document/reader.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace smplist {

namespace detail {

class client_reader {
 public:
  [[nodiscard]] result<client, problems> read(const document_node& root) {
    const located top{&root, ""};
    if (!in_.expect_object(top, {"id", "addresses", "location", "gateways", "reached", "stack"})) return std::move(in_.found());
    client who;
    if (const auto at = in_.find(top, "id")) who.id = read_id(*at);
    if (const auto at = in_.find(top, "addresses")) collect(*at, who.addresses);
    if (const auto at = in_.find(top, "location")) {
      location stated = location::external;
      in_.word(*at, stated);
      who.location = stated;
    }
    if (const auto at = in_.find(top, "gateways")) {
      in_.elements(*at, [&](const located& item) { who.gateways.push_back(read_gateway(item)); });
    }
    if (const auto at = in_.find(top, "reached")) collect(*at, who.reached);
    if (const auto at = in_.find(top, "stack"); at && !is_empty_list(*at)) who.stack = in_.families(*at);
    if (!in_.found().empty()) return std::move(in_.found());
    return who;
  }

 private:
  [[nodiscard]] static bool is_empty_list(const located& at) {
    return at.node->kind == node_kind::array && at.node->members.empty();
  }

  template <class T>
  void collect(const located& at, std::vector<T>& out) {
    in_.elements(at, [&](const located& item) {
      if (auto value = in_.parsed<T>(item)) out.push_back(std::move(*value));
    });
  }

  [[nodiscard]] std::string read_id(const located& at) {
    std::string id = in_.text(at).value_or("");
    if (id.size() > 1024) in_.report(*at.node, at.pointer, errc::too_many, "the id has more than 1,024 bytes", "shorten it");
    if (std::any_of(id.begin(), id.end(), is_control)) {
      in_.report(*at.node, at.pointer, errc::control_character, "a control character in the id: " + shown(id));
    }
    return id;
  }

  /// `{address, mac}`, or `address` or `address,mac` in one text.
  [[nodiscard]] gateway read_gateway(const located& at) {
    gateway used;
    if (at.node->kind == node_kind::text) {
      document_node address_part = *at.node;
      document_node mac_part = *at.node;
      const std::size_t comma = std::min(at.node->text.find(','), at.node->text.size());
      address_part.text.resize(comma);
      mac_part.text.erase(0, comma);
      used.address = in_.parsed<address>({&address_part, at.pointer}).value_or(address());
      if (mac_part.text.empty()) return used;
      mac_part.text.erase(0, 1);
      mac_part.verbatim = false;
      used.mac = in_.parsed<mac_address>({&mac_part, at.pointer});
      return used;
    }
    if (!in_.expect_object(at, {"address", "mac"})) return used;
    if (const auto value = in_.require(at, "address")) used.address = in_.parsed<address>(*value).value_or(address());
    if (const auto value = in_.find(at, "mac")) used.mac = in_.parsed<mac_address>(*value);
    return used;
  }

  document_reader in_;
};

}  // namespace detail

/// A client from a document tree.
[[nodiscard]] inline result<client, problems> read_client(const document_node& root) {
  return detail::client_reader().read(root);
}

}  // namespace smplist
