// SPDX-License-Identifier: MIT
/// \file detail/bytes.hpp
/// Cellar. Numbers in flat little-endian bytes, the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace smplist::detail {

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
inline constexpr bool little_endian = false;
#else
inline constexpr bool little_endian = true;
#endif

/// An unsigned number at `from`, which need not be aligned.
template <class Number>
[[nodiscard]] inline Number load(const std::byte* from) noexcept {
  Number value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (!little_endian && sizeof(Number) > 1) {
    Number turned = 0;
    for (std::size_t i = 0; i < sizeof value; ++i, value = static_cast<Number>(value >> 8U))
      turned = static_cast<Number>(turned << 8U | (value & 0xFFU));
    return turned;
  }
  return value;
}

/// Writes an unsigned number at `to`, which need not be aligned.
template <class Number>
inline void store(std::byte* to, Number value) noexcept {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    to[i] = static_cast<std::byte>(value & 0xFFU);
    if constexpr (sizeof value > 1) value = static_cast<Number>(value >> 8U);
  }
}

/// A run of bytes that somebody else owns.
struct flat_part {
  const std::byte* at = nullptr;
  std::size_t size = 0;
};

/// Bytes while they are written.
class byte_writer {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::byte* at(std::size_t offset) noexcept { return bytes_.data() + offset; }
  void reserve(std::size_t size) { bytes_.reserve(size); }

  template <class Number>
  void put(Number value) {
    const std::size_t end = bytes_.size();
    bytes_.resize(end + sizeof value);
    store(bytes_.data() + end, value);
  }
  /// Zeros; where they begin.
  std::size_t skip(std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    return bytes_.size() - size;
  }
  /// Zeros up to a multiple of `unit`.
  std::size_t align(std::size_t unit) {
    bytes_.resize((bytes_.size() + unit - 1) / unit * unit);
    return bytes_.size();
  }
  void append(const std::byte* from, std::size_t size) { bytes_.insert(bytes_.end(), from, from + size); }

  [[nodiscard]] std::vector<std::byte> take() && noexcept { return std::move(bytes_); }
  [[nodiscard]] const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace smplist::detail
