// SPDX-License-Identifier: MIT
/// \file detail/words.hpp
/// Cellar. The word of every enumerator, written once: documents, JSON, Python enums and tests read these tables.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace smplist {

namespace detail {

/// Specialised beside each enumeration: `static constexpr std::string_view table[]`, in the order of the enumerators.
template <class Enum>
struct words;

}  // namespace detail

/// The word of an enumerator, as documents write it.
template <class Enum>
[[nodiscard]] constexpr std::string_view name(Enum value) noexcept {
  return detail::words<Enum>::table[static_cast<std::size_t>(value)];
}

namespace detail {

/// The number of enumerators.
template <class Enum>
inline constexpr std::size_t count_of = std::size(words<Enum>::table);

/// The enumerator that `word` names; the match is exact.
template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> from_word(std::string_view word) noexcept {
  for (std::size_t i = 0; i < count_of<Enum>; ++i) {
    if (words<Enum>::table[i] == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace detail

}  // namespace smplist
