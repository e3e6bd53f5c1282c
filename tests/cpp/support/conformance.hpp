// SPDX-License-Identifier: MIT
// The conformance lines: how they are found and read, how an answer is compared with them, and what comes of it.
#pragma once

#include <smplist/range.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conformance {

using nlohmann::json;

/// One question and the answer that is expected.
struct line {
  std::string file;
  std::string id;  // the line's `case`
  std::string op;
  std::string strictness;  // the grammar that `expect` follows
  bool core = false;       // a second program agrees
  json input;
  json expect;

  [[nodiscard]] std::string text(const char* key) const { return input.at(key).get<std::string>(); }
  [[nodiscard]] bool follows(std::string_view grammar) const { return strictness.compare(0, grammar.size(), grammar) == 0; }
  [[nodiscard]] bool expects_refusal() const { return expect.value("valid", true) == false; }
};

/// What the product answers, under the keys of `expect`.
struct answer {
  json says;
  bool refused = false;
  std::string code = {};     // of a refusal, where there is one
  std::string lacking = {};  // not empty: what the product has not, so that it cannot be asked

  [[nodiscard]] static answer refusal(std::string code = {}) { return {{{"valid", false}}, true, std::move(code)}; }
  [[nodiscard]] static answer without(std::string what) { return {{}, false, {}, std::move(what)}; }
};

enum class verdict { passed, refused, by_decision, not_applicable, failed };

/// Where the data lies; it need not be there.
[[nodiscard]] inline std::filesystem::path data_folder() {
  const char* stated = std::getenv("SMPLIST_CONFORMANCE");
  if (stated != nullptr) return stated;
  return std::filesystem::path(SMPLIST_SOURCE_DIR) / ".." / "shared" / "data" / "conformance";
}

[[nodiscard]] inline std::vector<line> read_lines(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<line> lines;
  for (const auto& file : files) {
    std::ifstream in(file);
    for (std::string text; std::getline(in, text);) {
      const json j = json::parse(text);
      lines.push_back(
          {file.filename().string(), j.at("case"), j.at("op"), j.at("strictness"), j.at("core"), j.at("input"), j.at("expect")});
    }
  }
  return lines;
}

/// Both ends of a range, whatever it was written as.
[[nodiscard]] inline std::string ends(const smplist::address_range& r) { return r.first().to_text() + "-" + r.last().to_text(); }

/// Addresses become their canonical text, ranges their ends, lists lose their order: what is left to compare is the value.
[[nodiscard]] inline json comparable(const json& value) {
  if (value.is_string()) {
    const auto range = smplist::address_range::try_parse(value.get<std::string>());
    return range ? json(ends(*range)) : value;
  }
  if (!value.is_array()) return value;
  json out = json::array();
  for (const json& item : value) out.push_back(comparable(item));
  std::sort(out.begin(), out.end());
  return out;
}

/// Does the answer hold everything that is expected and that the product can say? The text itself counts where it is what
/// the operation is about.
[[nodiscard]] inline bool agrees(const json& expect, const json& says, std::string_view op,
                                 const std::vector<std::string>& unsayable) {
  const bool exact = op == "addr_format" || op == "host_to_ascii" || op == "url_host";
  for (const auto& [key, value] : expect.items()) {
    if (std::find(unsayable.begin(), unsayable.end(), key) != unsayable.end()) continue;
    if (!says.contains(key)) return false;
    if (exact ? value != says.at(key) : comparable(value) != comparable(says.at(key))) return false;
  }
  return true;
}

/// What became of the lines, by operation.
class tally {
 public:
  void add(const std::string& op, verdict v) { ++counts_[op][static_cast<std::size_t>(v)]; }

  [[nodiscard]] std::size_t count(const std::string& op, verdict v) const {
    const auto counts = counts_.find(op);
    return counts == counts_.end() ? 0 : counts->second[static_cast<std::size_t>(v)];
  }

  [[nodiscard]] std::size_t total() const {
    std::size_t sum = 0;
    for (const auto& counts : counts_) {
      for (const std::size_t n : counts.second) sum += n;
    }
    return sum;
  }

  friend std::ostream& operator<<(std::ostream& out, const tally& t) {
    out << std::left << std::setw(22) << "operation" << std::right;
    for (const char* title : {"lines", "passed", "refused", "by decision", "not applicable", "failed"}) {
      out << std::setw(16) << title;
    }
    row sums{};
    for (const auto& [op, counts] : t.counts_) {
      print(out << '\n', op, counts);
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += counts[i];
    }
    print(out << '\n', "all", sums);
    return out << '\n';
  }

 private:
  using row = std::array<std::size_t, 5>;

  static void print(std::ostream& out, const std::string& title, const row& counts) {
    std::size_t lines = 0;
    for (const std::size_t n : counts) lines += n;
    out << std::left << std::setw(22) << title << std::right << std::setw(16) << lines;
    for (const std::size_t n : counts) out << std::setw(16) << n;
  }

  std::map<std::string, row> counts_;
};

}  // namespace conformance
