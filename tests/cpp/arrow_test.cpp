// SPDX-License-Identifier: MIT
// Columns as Arrow lays them out: what is read, what is refused, and what is given back. [S-64]
#include "support/catch.hpp"
#include "support/generate.hpp"

#include <smplist/arrow.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace smplist;

/// A policy of an ordered and a random list.
compiled_policy small_policy() {
  policy_draft draft;
  draft.mode = list_mode::custom;
  for (const char* const name : {"a", "b", "c"}) {
    source s{name, source_kind::standalone, host::parse(std::string(name) + ".example")};
    s.file_reputation = endpoint{scheme::https, 443};
    draft.sources.push_back(s);
  }
  draft.lists.push_back({"fixed", {address_range::parse("10.0.0.0/8")}, order::ordered, {"b", "a"}});
  draft.lists.push_back(
      {"drawn", {address_range::parse("2001:db8::/32"), address_range::parse("11.0.0.0/8")}, order::random, {"a", "b", "c"}});
  return compile(policy::make(draft).value());
}

/// A column whose memory belongs to the test; counts how often it was released.
struct test_column {
  ArrowSchema schema{};
  ArrowArray array{};
  std::vector<const void*> buffers;
  static inline int releases = 0;

  test_column(const char* format, std::int64_t length, std::vector<const void*> memory) : buffers(std::move(memory)) {
    schema.format = format;
    array.length = length;
    array.n_buffers = static_cast<std::int64_t>(buffers.size());
    array.buffers = buffers.data();
    array.release = [](ArrowArray* a) {
      ++releases;
      a->release = nullptr;
    };
  }
  [[nodiscard]] auto make() { return arrow::chunk::make(schema, &array); }
  [[nodiscard]] errc error() { return make().error().code; }
};

std::vector<std::string> lists_of(const arrow::answers& found) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::int32_t number = found.column(arrow::answer_part::list)[i];
    out.emplace_back(number < 0 ? "-" : found.word(arrow::answer_part::list, static_cast<std::size_t>(number)));
  }
  return out;
}

const char* const texts = "10.1.1.12001:db8::5nobody192.0.2.1";
const std::int32_t text_offsets[] = {0, 8, 19, 25, 25, 34};

TEST_CASE("arrow: texts are read by their offsets, nulls and slices too", "[arrow]") {
  const std::uint8_t valid[] = {0x1D};  // not the second
  {
    test_column whole("u", 5, {nullptr, text_offsets, texts});
    const auto found = arrow::evaluate_column(small_policy(), *whole.make(), {});
    CHECK(lists_of(*found) == std::vector<std::string>{"fixed", "drawn", "-", "-", "-"});
    CHECK(found->invalid() == std::vector<std::uint64_t>{2, 3});
    CHECK(found->nulls(arrow::answer_part::outcome) == 2);
    CHECK(found->nulls(arrow::answer_part::list) == 3);  // one address is in no list
  }
  test_column sliced("u", 3, {valid, text_offsets, texts});
  sliced.array.offset = 1;
  sliced.array.null_count = -1;
  const auto found = arrow::evaluate_column(small_policy(), *sliced.make(), {});
  CHECK(lists_of(*found) == std::vector<std::string>{"-", "-", "-"});
  CHECK(found->invalid() == std::vector<std::uint64_t>{1, 2});
  CHECK(test_column::releases == 2);
}

TEST_CASE("arrow: what holds no addresses is refused, and left to whoever has it", "[arrow]") {
  test_column::releases = 0;
  const std::int32_t none = 0;
  for (const char* const format : {"l", "g", "b", "+s", "w:8", "tdD", ""})
    CHECK(test_column(format, 0, {nullptr, &none, texts}).error() == errc::wrong_type);
  CHECK(test_column("u", -1, {nullptr, text_offsets, texts}).error() == errc::corrupt);
  CHECK(test_column("u", 5, {nullptr, nullptr, texts}).error() == errc::corrupt);
  CHECK(test_column("u", 5, {nullptr, text_offsets}).error() == errc::corrupt);
  test_column huge("I", 0x7FFFFFFFFFFFFFFF, {nullptr, text_offsets});
  huge.array.offset = 1;
  CHECK(huge.error() == errc::corrupt);
  ArrowSchema words{};
  words.format = "u";
  test_column indices("i", 1, {nullptr, text_offsets});
  indices.schema.dictionary = &words;
  CHECK(indices.error() == errc::corrupt);  // without the dictionary itself
  CHECK(test_column::releases == 0);
  CHECK(huge.array.release != nullptr);
}

TEST_CASE("arrow: offsets and indices that point nowhere are bad rows", "[arrow]") {
  const std::int32_t back[] = {0, 8, 4, -1, 8};
  test_column broken("u", 4, {nullptr, back, texts});
  CHECK(arrow::evaluate_column(small_policy(), *broken.make(), {})->invalid() == std::vector<std::uint64_t>{1, 2, 3});

  test_column dictionary("u", 2, {nullptr, text_offsets, texts});
  const std::int8_t numbers[] = {1, 0, 2, -1};
  test_column indices("c", 4, {nullptr, numbers});
  indices.schema.dictionary = &dictionary.schema;
  indices.array.dictionary = &dictionary.array;
  const auto found = arrow::evaluate_column(small_policy(), *indices.make(), {});
  CHECK(lists_of(*found) == std::vector<std::string>{"drawn", "fixed", "-", "-"});
  CHECK(found->invalid() == std::vector<std::uint64_t>{2, 3});
}

/// Texts in the three layouts of Arrow.
struct text_arrays {
  std::string bytes;
  std::vector<std::int32_t> narrow{0};
  std::vector<std::int64_t> wide{0};
  std::vector<std::array<std::uint32_t, 4>> views;
  std::array<std::int64_t, 1> sizes{};

  explicit text_arrays(const std::vector<std::string>& column) {
    for (const std::string& text : column) {
      std::array<std::uint32_t, 4> view{static_cast<std::uint32_t>(text.size())};
      if (text.size() <= 12) std::memcpy(&view[1], text.data(), text.size());
      else view[3] = static_cast<std::uint32_t>(bytes.size());
      views.push_back(view);
      bytes += text;
      narrow.push_back(static_cast<std::int32_t>(bytes.size()));
      wide.push_back(static_cast<std::int64_t>(bytes.size()));
    }
    sizes[0] = static_cast<std::int64_t>(bytes.size());
  }
  [[nodiscard]] std::vector<std::vector<std::string>> lists() {
    const auto rows = static_cast<std::int64_t>(views.size());
    std::vector<std::vector<std::string>> out;
    for (test_column column : {test_column("u", rows, {nullptr, narrow.data(), bytes.data()}),
                               test_column("U", rows, {nullptr, wide.data(), bytes.data()}),
                               test_column("vu", rows, {nullptr, views.data(), bytes.data(), sizes.data()})}) {
      column.array.buffers = column.buffers.data();
      out.push_back(lists_of(*arrow::evaluate_column(small_policy(), *column.make(), {})));
    }
    return out;
  }
};

TEST_CASE("arrow: many texts are read as one by one, wrong numbers among them too", "[arrow]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  const char* const some[] = {"10.1.1.1",  "2001:db8::5",    "nobody",
                              "",          "11.222.233.244", "2001:db8:1111:2222:3333:4444:5555:6666",
                              "1.2.3.4.5", "::ffff:10.0.0.1"};
  std::vector<std::string> column;
  std::vector<std::string> wanted;
  for (int i = 0; i < 5000; ++i) {
    column.emplace_back(some[d.below(8)]);
    const auto a = address::try_parse(column.back());
    const bool fixed = a && address_range::parse("10.0.0.0/8").contains(*a);
    const bool drawn =
        a && (address_range::parse("2001:db8::/32").contains(*a) || address_range::parse("11.0.0.0/8").contains(*a));
    wanted.emplace_back(fixed ? "fixed" : drawn ? "drawn" : "-");
  }
  text_arrays arrays(column);
  for (const auto& found : arrays.lists()) CHECK(found == wanted);
  for (const std::size_t at : {0U, 1500U, 4999U}) {
    text_arrays wrong(column);
    wrong.narrow[at] = -7;
    wrong.wide[at] = std::int64_t{1} << 40U;
    wrong.views[at] = {15, 0, at == 0 ? 1U : 0U, static_cast<std::uint32_t>(wrong.bytes.size() - (at == 0 ? 100U : 14U))};
    const auto found = wrong.lists();
    for (std::size_t i = 0; i < column.size(); ++i) {
      if (i != at && i + 1 != at) CHECK((found[0][i] == wanted[i] && found[1][i] == wanted[i]));
      if (i != at) CHECK(found[2][i] == wanted[i]);
    }
    CHECK(found[0][at] == "-");
    CHECK(found[1][at] == "-");
    CHECK(found[2][at] == "-");
  }
}

TEST_CASE("arrow: the answers of a column are those of single calls, sources down and keys too [S-21] [S-65]", "[arrow]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  const compiled_policy p = small_policy();
  for (const std::size_t rows : {std::size_t{1}, std::size_t{5000}}) {  // fewer than classes, and many
    std::vector<std::uint32_t> bits;
    for (std::size_t i = 0; i < rows; ++i) bits.push_back(0x0A000000U + static_cast<std::uint32_t>(d.below(0x3000000)));
    test_column column("I", static_cast<std::int64_t>(rows), {nullptr, bits.data()});
    const auto chunk = column.make();
    for (const bool some_down : {false, true}) {
      const std::vector<bool> down = some_down ? std::vector<bool>{true, false, false} : std::vector<bool>{};
      for (const bool with_keys : {false, true}) {
        question q;
        q.epoch = d.below(9);
        arrow::answers found(p, q.service, rows);
        arrow::column_evaluation evaluation(found, q, down);
        const auto key_of = [&](std::size_t row) { return with_keys ? std::optional<std::uint64_t>(row * 77) : std::nullopt; };
        evaluation.add(evaluation.run(*chunk, 0, rows, 0, key_of));
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < rows; ++i) {
          q.key = key_of(i);
          const address a = address::from_ipv4(bits[i]);
          const first_answer wanted =
              some_down ? p.answer(p.class_of(a), a.family(), a.bits(), q, [&](std::uint32_t s) { return down[s]; })
                        : p.first(a, q);
          const auto number = [&](arrow::answer_part part) { return static_cast<std::uint32_t>(found.column(part)[i]); };
          const bool same = number(arrow::answer_part::outcome) == static_cast<std::uint32_t>(wanted.outcome) &&
                            number(arrow::answer_part::list) == wanted.list &&
                            number(arrow::answer_part::source) == wanted.source;
          wrong += same ? 0U : 1U;
        }
        for (unsigned some = 0; some < 8; ++some) {  // only what is wanted, and the same
          arrow::answer_part_set wanted;
          for (unsigned k = 0; k < 3; ++k) wanted = (some >> k & 1U) != 0 ? wanted | arrow::answer_parts[k] : wanted;
          arrow::answers fewer(p, q.service, rows, wanted);
          arrow::column_evaluation again(fewer, q, down);
          again.add(again.run(*chunk, 0, rows, 0, key_of));
          CHECK(fewer.parts().size() == (some & 1U) + (some >> 1U & 1U) + (some >> 2U));
          for (const arrow::answer_part part : arrow::answer_parts) {
            CHECK(fewer.has(part) == wanted.contains(part));
            CHECK((fewer.column(part) != nullptr) == wanted.contains(part));
            if (fewer.has(part)) CHECK(std::equal(found.column(part), found.column(part) + rows, fewer.column(part)));
            CHECK(fewer.nulls(part) == found.nulls(part));
          }
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("arrow: exported answers mark missing rows and outlive everything", "[arrow]") {
  ArrowArrayStream stream{};
  {
    test_column column("u", 5, {nullptr, text_offsets, texts});
    arrow::export_stream<arrow::answers>(arrow::evaluate_column(small_policy(), *column.make(), {}), &stream);
  }
  ArrowSchema schema{};
  ArrowArray table{};
  ArrowArray end{};
  REQUIRE(stream.get_schema(&stream, &schema) == 0);
  REQUIRE(stream.get_next(&stream, &table) == 0);
  REQUIRE(stream.get_next(&stream, &end) == 0);
  stream.release(&stream);
  CHECK(end.release == nullptr);
  CHECK(std::string(schema.format) == "+s");
  REQUIRE(schema.n_children == 3);
  CHECK(std::string(schema.children[1]->name) == "list");
  CHECK(std::string(schema.children[1]->dictionary->format) == "u");
  REQUIRE(table.n_children == 3);
  const ArrowArray& list = *table.children[1];
  CHECK(list.length == 5);
  CHECK(list.null_count == 3);
  CHECK(*static_cast<const std::uint8_t*>(list.buffers[0]) == 0x03);
  const auto* const numbers = static_cast<const std::int32_t*>(list.buffers[1]);
  const auto* const offsets = static_cast<const std::int32_t*>(list.dictionary->buffers[1]);
  const auto* const words = static_cast<const char*>(list.dictionary->buffers[2]);
  const auto word = [&](std::int32_t i) { return std::string(words + offsets[i], words + offsets[i + 1]); };
  CHECK(word(numbers[0]) == "fixed");
  CHECK(word(numbers[1]) == "drawn");
  table.release(&table);
  schema.release(&schema);
}

TEST_CASE("arrow: a table of texts, integers and flags outlives everything", "[arrow]") {
  ArrowArrayStream stream{};
  {
    auto made = std::make_shared<arrow::table>();
    made->reserve(3);
    arrow::table_column& word = made->emplace_back("word", arrow::column_type::text);
    arrow::table_column& number = made->emplace_back("number", arrow::column_type::integer);
    arrow::table_column& flag = made->emplace_back("flag", arrow::column_type::flag);
    for (std::int64_t row = 0; row < 17; ++row) {
      if (row == 3) {
        for (arrow::table_column* const column : {&word, &number, &flag}) column->add_nothing();
        continue;
      }
      word.add(std::string(static_cast<std::size_t>(row), 'x'));
      number.add(-row);
      flag.add_flag(row % 2 == 1);
    }
    arrow::export_stream<arrow::table>(std::move(made), &stream);
  }
  ArrowSchema schema{};
  ArrowArray table{};
  REQUIRE(stream.get_schema(&stream, &schema) == 0);
  REQUIRE(stream.get_next(&stream, &table) == 0);
  stream.release(&stream);
  REQUIRE(schema.n_children == 3);
  REQUIRE(table.n_children == 3);
  constexpr const char* formats[] = {"U", "l", "b"};
  constexpr const char* names[] = {"word", "number", "flag"};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::string(schema.children[i]->format) == formats[i]);
    CHECK(std::string(schema.children[i]->name) == names[i]);
    CHECK(table.children[i]->length == 17);
    CHECK(table.children[i]->null_count == 1);
    const auto* const valid = static_cast<const std::uint8_t*>(table.children[i]->buffers[0]);
    CHECK(valid[0] == 0xF7);
    CHECK(valid[1] == 0xFF);
    CHECK(valid[2] == 0x01);
  }
  const auto* const ends = static_cast<const std::int64_t*>(table.children[0]->buffers[1]);
  CHECK(ends[0] == 0);
  CHECK(ends[3] == ends[4]);
  CHECK(ends[17] - ends[16] == 16);
  CHECK(static_cast<const std::int64_t*>(table.children[1]->buffers[1])[16] == -16);
  CHECK(static_cast<const std::uint8_t*>(table.children[2]->buffers[1])[0] == 0xA2);
  table.release(&table);
  schema.release(&schema);
}

}  // namespace
