// SPDX-License-Identifier: MIT
// Many texts read at once, as a column is read.
#pragma once

#include <smplist/arrow/block.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bulk {

using namespace smplist;

/// What blocks make of texts that touch in one buffer; behind the last are only the bytes that may be read.
struct reading {
  std::vector<std::optional<address>> found;
  std::size_t ipv6 = 0;
  bool each_once = true;

  explicit reading(const std::vector<std::string>& texts) : found(texts.size()) {
    std::vector<char> buffer;  // its end is where the sanitizer sees it
    std::vector<std::size_t> at;
    for (const std::string& text : texts) {
      at.push_back(buffer.size());
      buffer.insert(buffer.end(), text.begin(), text.end());
    }
    buffer.resize(buffer.size() + detail::quick_scan_reads, 'f');
    buffer.shrink_to_fit();
    const auto block = std::make_unique<arrow::address_block>();
    for (std::size_t from = 0; from < texts.size(); from += arrow::address_block::room) {
      const std::size_t n = std::min(arrow::address_block::room, texts.size() - from);
      block->clear();
      block->add_texts(n, [&](std::size_t i) {
        return detail::quick_text{buffer.data() + at[from + i], texts[from + i].size(), static_cast<std::uint32_t>(i)};
      });
      block->finish();
      each_once = each_once && block->ipv4_count() + block->ipv6_count() + block->invalid().size() == n;
      ipv6 += block->ipv6_count();
      for (std::size_t i = 0; i < block->ipv4_count(); ++i) found[from + block->ipv4_row(i)] = address::from_ipv4(block->ipv4(i));
      for (std::size_t i = 0; i < block->ipv6_count(); ++i)
        found[from + block->ipv6_row(i)] = address::from_ipv6(block->ipv6(i).hi, block->ipv6(i).lo);
    }
  }
};

}  // namespace bulk
