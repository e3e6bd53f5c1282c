// SPDX-License-Identifier: MIT
/// \file arrow.hpp
/// Side room. Columns of addresses in, columns of answers out, through the C data interface of Apache Arrow; no library needed.
#pragma once

#include <smplist/arrow/answers.hpp>
#include <smplist/arrow/block.hpp>
#include <smplist/arrow/chunk.hpp>
#include <smplist/arrow/export.hpp>
#include <smplist/arrow/structs.hpp>
#include <smplist/arrow/table.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace smplist::arrow {

/// Who is asked first, for every row of a column, each as a client with that address alone. `export_table` gives it to Arrow.
/// `down` is empty, or has a bit for each source; columns that are not `wanted` are not worked out.
[[nodiscard]] inline std::shared_ptr<const answers> evaluate_column(const compiled_policy& p, const chunk& column,
                                                                    const question& q, std::vector<bool> down = {},
                                                                    answer_part_set wanted = answer_part_set::all()) {
  auto out = std::make_shared<answers>(p, q.service, column.size(), wanted);
  column_evaluation evaluation(*out, q, std::move(down));
  evaluation.add(evaluation.run(column, 0, column.size(), 0, no_keys()));
  return out;
}

}  // namespace smplist::arrow
