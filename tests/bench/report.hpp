// SPDX-License-Identifier: MIT
// What was found: a Markdown table on the output as it comes, JSON at the end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

struct settings {
  std::size_t queries = std::size_t{1} << 20U;
  int rounds = 5;
};

/// Rounds of one structure: latency, single, batch; batch is single where there is none.
struct measured {
  std::vector<double> ns[3];
};

/// Whose rounds they were.
struct subject {
  std::string table;
  int family = 4;
  std::string mix;
  std::string structure;
  std::size_t intervals = 0;
  std::size_t bytes = 0;
  double build_seconds = 0;
  bool batch = false;
};

[[nodiscard]] inline double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

[[nodiscard]] inline std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c < ' ' && c >= 0 ? ' ' : c;
  }
  return out + '"';
}

class report {
 public:
  void begin(const std::string& table, int family, std::size_t intervals) {
    end_table();
    std::printf("\n**%s**, IPv%d, %zu intervals\n\n", table.c_str(), family, intervals);
    std::puts("| mix | structure | MiB | build s | ns: latency / single / batch | times std::upper_bound |");
    std::puts("|---|---|---|---|---|---|");
  }

  void row(const subject& s, const measured& own, const measured& base) {
    double ns[3];
    double ratio[3];
    for (int way = 0; way < 3; ++way) {
      std::vector<double> ratios;
      for (std::size_t r = 0; r < own.ns[way].size(); ++r) ratios.push_back(base.ns[way][r] / own.ns[way][r]);
      ns[way] = median(own.ns[way]);
      ratio[way] = median(ratios);
    }
    char text[256];
    const std::string mib = s.bytes == 0 ? "?" : number(static_cast<double>(s.bytes) / 1048576.0, "%.2f");
    const std::string batch = s.batch ? number(ns[2], "%.1f") : "-";
    std::snprintf(text, sizeof text, "%.3f | %.1f / %.1f / %s | %.1f / %.1f / %.1f |", s.build_seconds, ns[0], ns[1],
                  batch.c_str(), ratio[0], ratio[1], ratio[2]);
    std::printf("| %s | %s | %s | %s\n", s.mix.c_str(), s.structure.c_str(), mib.c_str(), text);
    std::fflush(stdout);
    keep(s, ns, ratio);
  }

  void left_out(const std::string& where, const std::string& structure, const std::string& why) {
    missing_.push_back(structure + " (" + where + "): " + why);
    left_out_.push_back("{\"where\": " + quoted(where) + ", \"structure\": " + quoted(structure) + ", \"why\": " + quoted(why) +
                        "}");
  }

  /// A number that is no look-up's time.
  void figure(const std::string& what, double value, const std::string& unit) {
    figures_.push_back("{\"what\": " + quoted(what) + ", \"value\": " + number(value, "%.6g") + ", \"unit\": " + quoted(unit) +
                       "}");
  }

  /// Who did not take part in the table that ends, and why.
  void end_table() {
    if (!missing_.empty()) std::puts("\nLeft out:\n");
    for (const std::string& line : missing_) std::printf("- %s\n", line.c_str());
    missing_.clear();
  }

  [[nodiscard]] bool write(const char* path) const {
    std::FILE* const file = std::fopen(path, "w");
    if (file == nullptr) return false;
    std::fprintf(file, "{\"rows\": [\n%s\n],\n\"figures\": [\n%s\n],\n\"left_out\": [\n%s\n]}\n", joined(rows_).c_str(),
                 joined(figures_).c_str(), joined(left_out_).c_str());
    return std::fclose(file) == 0;
  }

 private:
  [[nodiscard]] static std::string number(double x, const char* format) {
    char text[64];
    std::snprintf(text, sizeof text, format, x);
    return text;
  }
  [[nodiscard]] static std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += (out.empty() ? "" : ",\n") + line;
    return out;
  }

  void keep(const subject& s, const double (&ns)[3], const double (&ratio)[3]) {
    std::string out = "{\"table\": " + quoted(s.table) + ", \"family\": " + std::to_string(s.family);
    out += ", \"mix\": " + quoted(s.mix) + ", \"structure\": " + quoted(s.structure);
    out += ", \"intervals\": " + std::to_string(s.intervals);
    out += ", \"mib\": " + (s.bytes == 0 ? "null" : number(static_cast<double>(s.bytes) / 1048576.0, "%.4f"));
    out += ", \"build_s\": " + number(s.build_seconds, "%.4f");
    out += ", \"latency_ns\": " + number(ns[0], "%.2f") + ", \"single_ns\": " + number(ns[1], "%.2f");
    out += ", \"batch_ns\": " + (s.batch ? number(ns[2], "%.2f") : "null");
    out += ", \"ratio_latency\": " + number(ratio[0], "%.2f") + ", \"ratio_single\": " + number(ratio[1], "%.2f");
    out += ", \"ratio_batch\": " + number(ratio[2], "%.2f") + "}";
    rows_.push_back(out);
  }

  std::vector<std::string> rows_;
  std::vector<std::string> figures_;
  std::vector<std::string> left_out_;
  std::vector<std::string> missing_;
};

}  // namespace bench
