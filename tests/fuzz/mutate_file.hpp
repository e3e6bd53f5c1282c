// SPDX-License-Identifier: MIT
// Changes compiled policies so that most stay files: a few numbers of a section, its length, or another file's section.
#pragma once

#include "good_files.hpp"

#include <smplist/compile.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace fuzz {

/// Makes magic, version, size and checksum true.
inline void repair(bytes& file) {
  std::memcpy(file.data(), detail::smpc_magic.data(), detail::smpc_magic.size());
  detail::store(file.data() + 8, detail::smpc_version);
  detail::store(file.data() + 12, detail::smpc_order_mark);
  detail::store(file.data() + 16, std::uint64_t{file.size()});
  detail::store(file.data() + 24,
                detail::checksum(file.data() + detail::smpc_checked_from, file.size() - detail::smpc_checked_from));
}

class file_mutator {
 public:
  file_mutator(const std::byte* data, std::size_t size, unsigned seed) : state_(seed) {
    if (size < detail::smpc_head || one_in(64)) file_ = some_good_file();
    else file_.assign(data, data + size);
  }

  [[nodiscard]] const bytes& run() {
    switch (below(16)) {
      case 0: change_table(); break;
      case 1: resize(); break;
      case 2:
      case 3: splice(); break;
      case 4: change_anywhere(); break;
      default:
        for (std::size_t n = 1 + below(4); n > 0; --n) change_number();
    }
    return file_;
  }

 private:
  struct part {
    std::size_t at;
    std::size_t size;
  };

  [[nodiscard]] std::uint64_t next() noexcept { return detail::mix64(state_ += 0x9E3779B97F4A7C15U); }
  [[nodiscard]] std::size_t below(std::size_t n) noexcept { return n == 0 ? 0 : static_cast<std::size_t>(next() % n); }
  [[nodiscard]] bool one_in(std::size_t n) noexcept { return below(n) == 0; }

  [[nodiscard]] const bytes& some_good_file() {
    static const auto files = good_files();
    return files[below(files.size())].second;
  }

  [[nodiscard]] static part part_of(const bytes& file, std::size_t i) noexcept {
    const std::byte* const row = file.data() + detail::smpc_checked_from + 16 * i;
    const auto at = detail::load<std::uint64_t>(row);
    const auto size = detail::load<std::uint64_t>(row + 8);
    if (at > file.size() || size > file.size() - at) return {detail::smpc_head, 0};
    return {static_cast<std::size_t>(at), static_cast<std::size_t>(size)};
  }

  /// A section that is not empty, if a few tries find one.
  [[nodiscard]] part some_part() {
    for (int i = 0; i < 8; ++i) {
      const part p = part_of(file_, below(detail::section_count));
      if (p.size >= 4) return p;
    }
    return {detail::smpc_checked_from, file_.size() - detail::smpc_checked_from};
  }

  void change_number() {
    const part p = some_part();
    if (p.size < 4) return;
    std::byte* const at = file_.data() + p.at + below(p.size / 4) * 4;
    const auto had = detail::load<std::uint32_t>(at);
    detail::store(at, some_number(had, p));
  }

  [[nodiscard]] std::uint32_t some_number(std::uint32_t had, part p) {
    switch (below(10)) {
      case 0: return had + 1;
      case 1: return had - 1;
      case 2: return had ^ 1U << below(32);
      case 3: return static_cast<std::uint32_t>(below(16));
      case 4: return one_in(2) ? 0xFFFFFFFF : detail::no_tree_key;
      case 5: return detail::load<std::uint32_t>(file_.data() + p.at + below(p.size / 4) * 4);
      case 6: return detail::make_word(static_cast<detail::word_kind>(below(8)), below(one_in(2) ? 4 : 40));
      case 7: return had ^ static_cast<std::uint32_t>(below(256)) << 8 * below(4);
      case 8: return static_cast<std::uint32_t>(next());
      default: return static_cast<std::uint32_t>(p.size / (one_in(2) ? 4 : 64) - below(3));
    }
  }

  void change_table() {
    std::byte* const at = file_.data() + detail::smpc_checked_from + 8 * below(2 * detail::section_count);
    const auto had = detail::load<std::uint64_t>(at);
    const std::uint64_t wanted[] = {had + 64,     had - 64, had + 4, had - 4, 0, ~std::uint64_t{0}, had ^ std::uint64_t{1} << 63U,
                                    next() % 8192};
    detail::store(at, wanted[below(8)]);
  }

  /// The same file with other bytes for a section: everything behind moves.
  void replace(std::size_t which, const bytes& with) {
    bytes made(detail::smpc_head);
    for (std::size_t i = 0; i < detail::section_count; ++i) {
      const part p = part_of(file_, i);
      made.resize((made.size() + detail::section_alignment - 1) / detail::section_alignment * detail::section_alignment);
      const std::size_t at = made.size();
      if (i == which) made.insert(made.end(), with.begin(), with.end());
      else
        made.insert(made.end(), file_.begin() + static_cast<std::ptrdiff_t>(p.at),
                    file_.begin() + static_cast<std::ptrdiff_t>(p.at + p.size));
      detail::store(made.data() + detail::smpc_checked_from + 16 * i, std::uint64_t{at});
      detail::store(made.data() + detail::smpc_checked_from + 16 * i + 8, std::uint64_t{made.size() - at});
    }
    file_ = std::move(made);
  }

  void resize() {
    const std::size_t which = below(detail::section_count);
    const part p = part_of(file_, which);
    bytes content(file_.begin() + static_cast<std::ptrdiff_t>(p.at), file_.begin() + static_cast<std::ptrdiff_t>(p.at + p.size));
    const std::size_t unit = std::size_t{4} << below(5);
    if (one_in(2)) content.resize(content.size() - std::min(content.size(), unit));
    else if (content.size() >= unit)
      content.insert(content.end(), content.end() - static_cast<std::ptrdiff_t>(unit), content.end());
    else content.resize(content.size() + unit);
    replace(which, content);
  }

  void splice() {
    const bytes& other = some_good_file();
    const std::size_t which = below(detail::section_count);
    const part p = part_of(other, which);
    replace(which,
            bytes(other.begin() + static_cast<std::ptrdiff_t>(p.at), other.begin() + static_cast<std::ptrdiff_t>(p.at + p.size)));
  }

  /// As the library does it, within a section.
  void change_anywhere() {
    const part p = some_part();
    if (p.size != 0) LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(file_.data() + p.at), p.size, p.size);
  }

  std::uint64_t state_;
  bytes file_;
};

/// In place; returns the new size.
inline std::size_t mutate_file(std::byte* data, std::size_t size, std::size_t max_size, unsigned seed) {
  file_mutator mutator(data, size, seed);
  const bytes& made = mutator.run();
  const std::size_t kept = std::min(made.size(), max_size);
  std::memcpy(data, made.data(), kept);
  return kept;
}

}  // namespace fuzz
