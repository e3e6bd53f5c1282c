// SPDX-License-Identifier: MIT
// Reads a policy (JSON) and addresses (one a line) and prints for each line who is asked first:
//   columns POLICY.json < addresses.txt
// The addresses become a column as Arrow lays it out, so that real Arrow arrays are read the same way.
#include <smplist/arrow.hpp>
#include <smplist/json.hpp>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

/// A column of texts: where each begins, and all of them in one run.
struct text_column {
  std::vector<std::int32_t> offsets{0};
  std::string text;

  void add(const std::string& row) {
    text += row;
    offsets.push_back(static_cast<std::int32_t>(text.size()));
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: columns POLICY.json < addresses.txt\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  const auto policy = smplist::json::load(document);
  if (!policy) {
    std::cerr << policy.error().front().reason << '\n';
    return 2;
  }

  text_column rows;
  for (std::string line; std::getline(std::cin, line);) rows.add(line);
  const void* buffers[] = {nullptr, rows.offsets.data(), rows.text.data()};
  ArrowSchema schema{};
  schema.format = "u";  // utf8
  ArrowArray array{};
  array.length = static_cast<std::int64_t>(rows.offsets.size()) - 1;
  array.n_buffers = 3;
  array.buffers = buffers;
  array.release = [](ArrowArray* a) { a->release = nullptr; };  // the memory is ours

  const auto column = smplist::arrow::chunk::make(schema, &array);
  if (!column) return 2;
  const auto answers = smplist::arrow::evaluate_column(smplist::compile(*policy), *column, {});
  for (std::size_t row = 0; row < answers->size(); ++row) {
    for (const auto part : smplist::arrow::answer_parts) {
      const std::int32_t number = answers->column(part)[row];
      std::cout << (number < 0 ? "-" : answers->word(part, static_cast<std::size_t>(number))) << ' ';
    }
    std::cout << '\n';
  }
  return 0;
}
