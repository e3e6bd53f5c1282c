// SPDX-License-Identifier: MIT
// Bytes as a column of Arrow: texts of any kind in every layout, read as one by one; numbers that contradict each other, within
// bounds.
//
// An input is seven bytes of choices, then rows that end with a newline. Every buffer has exactly the size that Arrow promises,
// so that a read behind it is seen.
// fuzz: variants native scalar
#include "good_files.hpp"

#include <smplist/arrow.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

namespace {

void require(bool good) {
  if (!good) std::abort();
}

enum class form : std::uint8_t { utf8, large_utf8, view, binary, fixed4, fixed16, uint32, dictionary };
constexpr std::size_t forms = 8;
constexpr const char* formats[forms] = {"u", "U", "vu", "z", "w:4", "w:16", "I", "c"};

struct choices {
  fuzz::form form;
  std::size_t offset;      // rows before the slice
  std::size_t behind;      // rows behind it
  std::uint8_t nulls;      // every row that has these bits in its number
  std::uint8_t wrong_at;   // where a number is replaced
  std::uint8_t wrong_how;  // by what; 0: it is not
  std::uint8_t more;
};

/// Heap memory of exactly so many bytes.
class exact {
 public:
  explicit exact(const std::string& bytes) : at_(new char[bytes.size()]) {
    if (!bytes.empty()) std::memcpy(at_.get(), bytes.data(), bytes.size());
  }
  [[nodiscard]] const void* get() const { return at_.get(); }

 private:
  std::unique_ptr<char[]> at_;
};

template <class Number>
void put(std::string& to, Number value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// An array of Arrow over rows of text, and what each row should be read as.
class column {
 public:
  column(const choices& how, std::vector<std::string> rows) : how_(how), rows_(std::move(rows)) {
    how_.offset = std::min(how_.offset, rows_.size());
    how_.behind = std::min(how_.behind, rows_.size() - how_.offset);
    fill();
    spoil();
    for (const std::string& b : bytes_) buffers_.push_back(std::make_unique<exact>(b));
    validity();
    for (const auto& b : buffers_) pointers_.push_back(b ? b->get() : nullptr);
    array_.length = static_cast<std::int64_t>(size());
    array_.null_count = how_.nulls == 0 ? 0 : -1;
    array_.offset = static_cast<std::int64_t>(how_.offset);
    array_.n_buffers = static_cast<std::int64_t>(pointers_.size());
    array_.buffers = pointers_.data();
    array_.dictionary = dictionary_ ? &dictionary_->array_ : nullptr;
    array_.release = [](ArrowArray* a) { a->release = nullptr; };
    schema_.format = formats[static_cast<std::size_t>(how_.form)];
    schema_.dictionary = dictionary_ ? &dictionary_->schema_ : nullptr;
  }

  [[nodiscard]] std::size_t size() const { return rows_.size() - how_.offset - how_.behind; }
  [[nodiscard]] bool is_spoiled() const { return spoiled_ || (dictionary_ && dictionary_->spoiled_); }
  [[nodiscard]] result<arrow::chunk> read() { return arrow::chunk::make(schema_, &array_); }

  [[nodiscard]] bool is_null(std::size_t i) const { return is_null_at(i + how_.offset); }
  /// The address of a row that is not null.
  [[nodiscard]] std::optional<address> expected(std::size_t i) const {
    const std::string& row = rows_[i + how_.offset];
    switch (dictionary_ ? dictionary_->how_.form : how_.form) {
      case form::uint32: {
        std::uint32_t bits = 0;
        std::memcpy(&bits, row.data(), 4);
        return address::from_ipv4(bits);
      }
      case form::binary:
      case form::fixed4:
      case form::fixed16: return packed(row);
      default: {
        const auto scanned = smplist::detail::scan_address(row);
        return scanned ? std::optional(scanned->value) : std::nullopt;
      }
    }
  }

 private:
  [[nodiscard]] static std::optional<address> packed(const std::string& row) {
    std::uint64_t halves[2] = {};
    for (std::size_t k = 0; k < row.size() && k < 16; ++k)
      halves[k / 8] = halves[k / 8] << 8U | static_cast<unsigned char>(row[k]);
    if (row.size() == 4) return address::from_ipv4(static_cast<std::uint32_t>(halves[0]));
    return row.size() == 16 ? std::optional(address::from_ipv6(halves[0], halves[1])) : std::nullopt;
  }

  [[nodiscard]] bool is_null_at(std::size_t at) const { return how_.nulls != 0 && (at & how_.nulls) == how_.nulls; }

  void fill() {
    switch (how_.form) {
      case form::utf8:
      case form::binary: return offsets<std::int32_t>();
      case form::large_utf8: return offsets<std::int64_t>();
      case form::view: return views();
      case form::fixed4:
      case form::uint32: return fixed(4);
      case form::fixed16: return fixed(16);
      case form::dictionary: return words();
    }
  }

  template <class Offset>
  void offsets() {
    std::string numbers;
    std::string text;
    put(numbers, Offset{0});
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (i < rows_.size() - how_.behind) text += rows_[i];  // Arrow promises bytes up to the end of the slice
      put(numbers, static_cast<Offset>(text.size()));
    }
    bytes_ = {numbers, text};
    width_ = sizeof(Offset);
    kept_ = rows_.size() - how_.behind;  // the promise itself
  }

  void views() {
    std::string all;
    std::vector<std::string> behind(how_.more % 4U);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      std::string& row = rows_[i];
      if (row.size() > 12 && behind.empty()) row.resize(12);
      std::string view;
      put(view, static_cast<std::int32_t>(row.size()));
      if (row.size() <= 12) {
        view += row;
      } else {
        std::string& to = behind[i % behind.size()];
        view += row.substr(0, 4);
        put(view, static_cast<std::int32_t>(i % behind.size()));
        put(view, static_cast<std::int32_t>(to.size()));
        to += row;
      }
      view.resize(16);
      all += view;
    }
    std::string sizes;
    for (const std::string& b : behind) put(sizes, static_cast<std::int64_t>(b.size()));
    bytes_ = {all};
    bytes_.insert(bytes_.end(), behind.begin(), behind.end());
    bytes_.push_back(sizes);
    width_ = 4;
  }

  void fixed(std::size_t width) {
    std::string all;
    for (std::string& row : rows_) {
      row.resize(width);
      all += row;
    }
    bytes_ = {all};
    width_ = 0;  // every number is good
  }

  /// Each row an index into a column of at most 100 rows, backwards.
  void words() {
    choices inner = how_;
    inner.form = static_cast<form>(how_.more % 4U);
    inner.offset = 0;
    inner.behind = 0;
    inner.nulls = 0;
    const std::size_t count = std::min<std::size_t>(rows_.size(), 100);
    dictionary_ = std::make_unique<column>(
        inner, std::vector<std::string>(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count)));
    std::string indices;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::size_t word = count - 1 - i % count;
      put(indices, static_cast<std::int8_t>(word));
      rows_[i] = dictionary_->rows_[word];
    }
    bytes_ = {indices};
    width_ = 1;
  }

  /// A number of the first buffer becomes another.
  void spoil() {
    if (how_.wrong_how == 0 || width_ == 0) return;
    std::string& numbers = bytes_.front();
    const std::size_t count = numbers.size() / width_;
    if (count == 0 || how_.wrong_at % count == kept_) return;
    static constexpr std::int64_t values[] = {-1, 1, 12, 13, 1000, 0x7FFFFFFF, -0x80000000LL, 0x7FFFFFFFFFFFFFFF};
    const std::int64_t value = values[how_.wrong_how % 8U] ^ (how_.wrong_how >> 3U);
    std::memcpy(numbers.data() + how_.wrong_at % count * width_, &value, width_);
    spoiled_ = true;
  }

  void validity() {
    std::string bits((rows_.size() + 7) / 8, '\0');
    for (std::size_t at = 0; at < rows_.size(); ++at) {
      if (!is_null_at(at)) bits[at / 8] = static_cast<char>(bits[at / 8] | 1 << (at % 8));
    }
    buffers_.insert(buffers_.begin(), how_.nulls == 0 ? nullptr : std::make_unique<exact>(bits));
  }

  choices how_;
  std::vector<std::string> rows_;
  std::vector<std::string> bytes_;
  std::size_t width_ = 0;               // of a number in the first
  std::size_t kept_ = ~std::size_t{0};  // the number that is not spoiled
  bool spoiled_ = false;
  std::vector<std::unique_ptr<exact>> buffers_;
  std::vector<const void*> pointers_;
  std::unique_ptr<column> dictionary_;
  ArrowSchema schema_{};
  ArrowArray array_{};
};

[[nodiscard]] const compiled_policy& some_policy(std::size_t which) {
  static const std::vector<compiled_policy> all = {compile(policy::make(nested(overlap_rule::first)).value()),
                                                   compile(policy::make(many_lists()).value()),
                                                   compile(policy::make(close_ipv6()).value())};
  return all[which % all.size()];
}

void check(const arrow::answers& found, const column& asked, const question& q) {
  std::size_t nulls = 0;
  std::vector<std::uint64_t> invalid;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto is = [&](arrow::answer_part part, std::int32_t number) {
      return !found.has(part) || found.column(part)[i] == number;
    };
    if (asked.is_null(i) || !asked.expected(i)) {
      for (const arrow::answer_part part : arrow::answer_parts) require(is(part, -1));
      ++nulls;
      if (!asked.is_null(i)) invalid.push_back(i);
      continue;
    }
    const first_answer wanted = found.policy().first(*asked.expected(i), q);
    require(is(arrow::answer_part::outcome, static_cast<std::int32_t>(wanted.outcome)));
    require(is(arrow::answer_part::list, static_cast<std::int32_t>(wanted.list)));
    require(is(arrow::answer_part::source, static_cast<std::int32_t>(wanted.source)));
  }
  require(found.nulls(arrow::answer_part::outcome) == nulls);
  require(found.invalid() == invalid);
}

/// Reads what is given to Arrow to its end, as a consumer does.
void export_and_release(const std::shared_ptr<const arrow::answers>& found) {
  ArrowArray table{};
  arrow::export_table(found, &table);
  for (std::int64_t c = 0; c < table.n_children; ++c) {
    const ArrowArray& one = *table.children[c];
    std::int64_t nulls = 0;
    for (std::int64_t i = 0; i < one.length; ++i) {
      const bool is_null = one.null_count != 0 && (static_cast<const std::uint8_t*>(one.buffers[0])[i / 8] >> (i % 8) & 1) == 0;
      const std::int32_t number = static_cast<const std::int32_t*>(one.buffers[1])[i];
      require(number >= 0 && number < one.dictionary->length);
      nulls += is_null ? 1 : 0;
    }
    require(nulls == one.null_count);
  }
  table.release(&table);
}

}  // namespace

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fuzz;
  constexpr std::size_t head = 7;
  if (size <= head) return 0;
  const choices how = {static_cast<form>(data[0] % forms),
                       data[1] % 16U,
                       data[2] % 4U,
                       static_cast<std::uint8_t>(data[3] % 8U),
                       data[4],
                       data[5],
                       data[6]};
  std::vector<std::string> rows;
  std::string_view text(reinterpret_cast<const char*>(data) + head, size - head);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    rows.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  column asked(how, std::move(rows));
  const auto read = asked.read();
  require(read.has_value());
  const question q{how.more % 2 == 0 ? service::file_reputation : service::web_reputation, location::internal, 0, {}};
  arrow::answer_part_set wanted;
  for (const arrow::answer_part part : arrow::answer_parts) {
    if ((data[1] >> (4U + static_cast<unsigned>(part)) & 1U) == 0) wanted = wanted | part;
  }
  const auto found = arrow::evaluate_column(some_policy(how.more / 16U), *read, q, {}, wanted);
  require(found->size() == asked.size());
  if (!asked.is_spoiled()) check(*found, asked, q);
  if (how.more % 8 == 0) export_and_release(found);
  return 0;
}

// --seeds=DIR writes the corpus and ends
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const std::string texts =
      "10.1.2.3\n2001:db8::1\n\n255.255.255.255\n::\nfe80::1%eth0\n010.0.0.1\n::ffff:10.1.2.3\n1:2:3:4:5:6:7:8\n10.0.0\n"
      "FFFF:ffff:FFFF:ffff:FFFF:ffff:FFFF:ffff\n1::2::3\n169.254.0.9\n1.2.3.4.5\n0.0.0.0\n2001:db8:0:3::77\nhostname\n";
  for (int i = 1; i < *argc; ++i) {
    const std::string word = (*argv)[i];
    if (word.rfind("--seeds=", 0) != 0) continue;
    for (std::size_t f = 0; f < fuzz::forms; ++f)
      std::ofstream(word.substr(8) + "/form-" + std::to_string(f), std::ios::binary)
          << static_cast<char>(f) << std::string("\2\1\3\0\0\2", 6) << texts;
    std::exit(0);
  }
  return 0;
}
