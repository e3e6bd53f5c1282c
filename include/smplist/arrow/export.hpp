// SPDX-License-Identifier: MIT
/// \file arrow/export.hpp
/// Side room. Answers as Arrow arrays: a struct of outcome, list and source, each a dictionary of int32 and utf8.
#pragma once

#include <smplist/arrow/answers.hpp>
#include <smplist/arrow/structs.hpp>

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace smplist::arrow {

[[nodiscard]] constexpr const char* name(answer_part part) noexcept {
  return part == answer_part::outcome ? "outcome" : part == answer_part::list ? "list" : "source";
}

namespace exporting {

/// What an exported array holds until its consumer releases it.
struct array_memory {
  std::shared_ptr<const void> from;
  std::vector<std::uint8_t> valid;
  std::vector<std::int32_t> numbers;
  std::string text;
  std::vector<const void*> buffers;
  std::vector<std::unique_ptr<ArrowArray>> owned;
  std::vector<ArrowArray*> children;
  std::unique_ptr<ArrowArray> dictionary;
};

/// What a consumer calls: `Struct` is `ArrowArray` or `ArrowSchema`, and `Memory` what it holds.
template <class Memory, class Struct>
void release(Struct* given) {
  auto* const memory = static_cast<Memory*>(given->private_data);
  for (const auto& part : memory->owned) {
    if (part->release != nullptr) part->release(part.get());
  }
  if (memory->dictionary && memory->dictionary->release != nullptr) memory->dictionary->release(memory->dictionary.get());
  delete memory;
  given->release = nullptr;
}

inline void fill_array(std::unique_ptr<array_memory> memory, std::size_t length, std::size_t nulls, ArrowArray* out) {
  *out = {static_cast<std::int64_t>(length),
          static_cast<std::int64_t>(nulls),
          0,
          static_cast<std::int64_t>(memory->buffers.size()),
          static_cast<std::int64_t>(memory->children.size()),
          memory->buffers.data(),
          memory->children.data(),
          memory->dictionary.get(),
          &release<array_memory, ArrowArray>,
          memory.get()};
  static_cast<void>(memory.release());  // the consumer's, who calls release
}

inline void export_words(const answers& a, answer_part part, ArrowArray* out) {
  auto memory = std::make_unique<array_memory>();
  memory->numbers.reserve(a.words(part) + 1);
  memory->numbers.push_back(0);
  for (std::size_t i = 0; i < a.words(part); ++i) {
    memory->text += a.word(part, i);
    memory->numbers.push_back(static_cast<std::int32_t>(memory->text.size()));
  }
  memory->buffers = {nullptr, memory->numbers.data(), memory->text.data()};
  fill_array(std::move(memory), a.words(part), 0, out);
}

/// What an exported schema holds.
struct schema_memory {
  std::string name;
  std::vector<std::unique_ptr<ArrowSchema>> owned;
  std::vector<ArrowSchema*> children;
  std::unique_ptr<ArrowSchema> dictionary;
};

inline void fill_schema(const char* format, std::string name, std::unique_ptr<schema_memory> memory, ArrowSchema* out) {
  constexpr std::int64_t nullable = 2;  // ARROW_FLAG_NULLABLE
  memory->name = std::move(name);
  *out = {format,
          memory->name.c_str(),
          nullptr,
          nullable,
          static_cast<std::int64_t>(memory->children.size()),
          memory->children.data(),
          memory->dictionary.get(),
          &release<schema_memory, ArrowSchema>,
          memory.get()};
  static_cast<void>(memory.release());  // the consumer's, who calls release
}

/// A struct of `n` columns; `fill(i, child)` makes one.
template <class Fill>
void fill_struct(std::size_t n, std::size_t length, Fill fill, ArrowArray* out) {
  auto memory = std::make_unique<array_memory>();
  for (std::size_t i = 0; i < n; ++i) {
    memory->owned.push_back(std::make_unique<ArrowArray>());
    fill(i, memory->owned.back().get());
    memory->children.push_back(memory->owned.back().get());
  }
  memory->buffers = {nullptr};
  fill_array(std::move(memory), length, 0, out);
}

template <class Fill>
void fill_struct_schema(std::size_t n, Fill fill, ArrowSchema* out) {
  auto memory = std::make_unique<schema_memory>();
  for (std::size_t i = 0; i < n; ++i) {
    memory->owned.push_back(std::make_unique<ArrowSchema>());
    fill(i, memory->owned.back().get());
    memory->children.push_back(memory->owned.back().get());
  }
  fill_schema("+s", "", std::move(memory), out);
}

}  // namespace exporting

/// One column. Its numbers are shared, unless rows without an answer have to be marked.
inline void export_column(const std::shared_ptr<const answers>& a, answer_part part, ArrowArray* out) {
  auto memory = std::make_unique<exporting::array_memory>();
  memory->from = a;
  const std::size_t n = a->size();
  const std::int32_t* numbers = a->column(part);
  if (a->nulls(part) != 0) {
    memory->valid.assign(n / 8 + 1, 0);
    memory->numbers.resize(n);
    for (std::size_t from = 0; from < n; from += 8) {
      unsigned valid = 0;
      for (std::size_t i = from; i < std::min(n, from + 8); ++i) {
        memory->numbers[i] = numbers[i] < 0 ? 0 : numbers[i];
        valid |= (numbers[i] < 0 ? 0U : 1U) << (i - from);
      }
      memory->valid[from / 8] = static_cast<std::uint8_t>(valid);
    }
    numbers = memory->numbers.data();
  }
  memory->buffers = {memory->valid.empty() ? nullptr : memory->valid.data(), numbers};
  memory->dictionary = std::make_unique<ArrowArray>();
  exporting::export_words(*a, part, memory->dictionary.get());
  exporting::fill_array(std::move(memory), n, a->nulls(part), out);
}

/// All columns that were wanted, as a struct.
inline void export_table(const std::shared_ptr<const answers>& a, ArrowArray* out) {
  exporting::fill_struct(
      a->parts().size(), a->size(), [&](std::size_t i, ArrowArray* child) { export_column(a, a->parts()[i], child); }, out);
}

inline void export_schema(answer_part part, ArrowSchema* out) {
  auto memory = std::make_unique<exporting::schema_memory>();
  memory->dictionary = std::make_unique<ArrowSchema>();
  exporting::fill_schema("u", "", std::make_unique<exporting::schema_memory>(), memory->dictionary.get());
  exporting::fill_schema("i", name(part), std::move(memory), out);
}

inline void export_schema(const answers& a, ArrowSchema* out) {
  exporting::fill_struct_schema(
      a.parts().size(), [&](std::size_t i, ArrowSchema* child) { export_schema(a.parts()[i], child); }, out);
}

/// A stream of one chunk, of answers or of a table.
template <class Table>
void export_stream(std::shared_ptr<const Table> from, ArrowArrayStream* out) {
  struct state {
    std::shared_ptr<const Table> from;
    bool given = false;
  };
  out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
    export_schema(*static_cast<state*>(self->private_data)->from, schema);
    return 0;
  };
  out->get_next = [](ArrowArrayStream* self, ArrowArray* array) {
    auto* const held = static_cast<state*>(self->private_data);
    if (std::exchange(held->given, true)) *array = {};
    else export_table(held->from, array);
    return 0;
  };
  out->get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
  out->release = [](ArrowArrayStream* self) {
    delete static_cast<state*>(self->private_data);
    self->release = nullptr;
  };
  out->private_data = new state{std::move(from)};
}

}  // namespace smplist::arrow
