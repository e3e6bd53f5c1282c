// SPDX-License-Identifier: MIT
/// \file detail/bytes.hpp
/// Cellar. Numbers in flat little-endian bytes, the same on every machine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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

/// Bytes while they are written. Moved, never copied.
class byte_writer {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::byte* data() const noexcept { return bytes_.get(); }
  [[nodiscard]] std::byte* at(std::size_t offset) noexcept { return bytes_.get() + offset; }

  void reserve(std::size_t size) {
    if (size <= room_) return;
    // not zeroed: memory that is never written is never touched
    std::unique_ptr<std::byte[]> larger(new std::byte[size]);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    room_ = size;
  }

  template <class Number>
  void put(Number value) {
    store(grow(sizeof value), value);
  }
  /// Zeros; where they begin.
  std::size_t skip(std::size_t size) {
    if (size != 0) std::memset(grow(size), 0, size);
    return size_ - size;
  }
  /// Zeros up to a multiple of `unit`.
  std::size_t align(std::size_t unit) {
    skip((unit - size_ % unit) % unit);
    return size_;
  }
  void append(const std::byte* from, std::size_t size) {
    if (size != 0) std::memcpy(grow(size), from, size);
  }

 private:
  [[nodiscard]] std::byte* grow(std::size_t by) {
    if (room_ - size_ < by) reserve(std::max(2 * room_, size_ + by));
    size_ += by;
    return bytes_.get() + size_ - by;
  }

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

/// A run of bytes in pieces, which are joined once, where they will stay.
using byte_pieces = std::vector<byte_writer>;

[[nodiscard]] inline std::size_t size_of(const byte_pieces& pieces) noexcept {
  std::size_t size = 0;
  for (const byte_writer& piece : pieces) size += piece.size();
  return size;
}

/// One behind the other; each piece is freed once it is copied. \returns the place behind the last byte
inline std::byte* join(byte_pieces pieces, std::byte* to) noexcept {
  for (byte_writer& piece : pieces) {
    const byte_writer done = std::move(piece);
    if (done.size() != 0) std::memcpy(to, done.data(), done.size());
    to += done.size();
  }
  return to;
}

[[nodiscard]] inline std::vector<std::byte> joined(byte_pieces pieces) {
  std::vector<std::byte> out(size_of(pieces));
  join(std::move(pieces), out.data());
  return out;
}

}  // namespace smplist::detail
