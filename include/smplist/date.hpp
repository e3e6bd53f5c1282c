// SPDX-License-Identifier: MIT
/// \file date.hpp
/// Floor 1. A day of the calendar. Nothing here knows which day it is: callers say so.
#pragma once

#include <smplist/detail/scan.hpp>
#include <smplist/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace smplist {

/// A day of the years 1 to 9999, in the Gregorian calendar. (ISO 8601)
class date {
 public:
  /// Reads `2027-03-31`.
  /// \returns the day, or `errc::bad_date` with the span of what is wrong
  [[nodiscard]] static constexpr result<date> try_parse(std::string_view text) noexcept {
    constexpr std::string_view form = "dddd-dd-dd";
    if (text.empty()) return error_at(errc::empty_text, 0, 0);
    for (std::size_t i = 0; i < form.size(); ++i) {
      const bool fits = i < text.size() && (form[i] == '-' ? text[i] == '-' : detail::is_digit(text[i]));
      if (!fits) return error_at(errc::bad_date, i < text.size() ? i : text.size(), i < text.size() ? 1 : 0);
    }
    if (text.size() > form.size()) return error_at(errc::bad_date, form.size(), text.size() - form.size());
    const unsigned year = number(text.substr(0, 4));
    const unsigned month = number(text.substr(5, 2));
    const unsigned day = number(text.substr(8, 2));
    if (year == 0) return error_at(errc::bad_date, 0, 4);
    if (month == 0 || month > 12) return error_at(errc::bad_date, 5, 2);
    if (day == 0 || day > days_of(year, month)) return error_at(errc::bad_date, 8, 2);
    return date(year * 10000 + month * 100 + day);
  }

#if defined(__cpp_exceptions)
  /// \throws parse_exception
  [[nodiscard]] static date parse(std::string_view text) { return detail::parse_or_throw<date>(text); }
#endif

  [[nodiscard]] std::string to_text() const {
    std::string digits = std::to_string(100000000 + digits_).substr(1);
    return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6);
  }

  friend constexpr bool operator==(date a, date b) noexcept { return a.digits_ == b.digits_; }
  friend constexpr bool operator!=(date a, date b) noexcept { return !(a == b); }
  friend constexpr bool operator<(date a, date b) noexcept { return a.digits_ < b.digits_; }

 private:
  explicit constexpr date(std::uint32_t digits) noexcept : digits_(digits) {}

  [[nodiscard]] static constexpr unsigned number(std::string_view digits) noexcept {
    unsigned value = 0;
    for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
  }
  [[nodiscard]] static constexpr unsigned days_of(unsigned year, unsigned month) noexcept {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month == 2) return leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  }

  std::uint32_t digits_;  // 20270331
};

}  // namespace smplist
