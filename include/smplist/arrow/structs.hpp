// SPDX-License-Identifier: MIT
/// \file arrow/structs.hpp
/// Side room. The structs of the Arrow C data interface, as its specification lays them out.
#pragma once

#include <cstdint>

// the guards are the ones that the specification names
extern "C" {
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema*);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray*);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};
#endif
}

namespace smplist::arrow {

/// An Arrow struct that releases itself.
template <class T>
class owned {
 public:
  owned() = default;
  /// Takes `moved`, which is left released.
  explicit owned(T* moved) noexcept : value_(*moved) { moved->release = nullptr; }
  owned(const owned&) = delete;
  owned& operator=(const owned&) = delete;
  owned(owned&& other) noexcept : owned(&other.value_) {}
  owned& operator=(owned&& other) noexcept {
    if (this == &other) return *this;
    release();
    value_ = other.value_;
    other.value_.release = nullptr;
    return *this;
  }
  ~owned() { release(); }

  [[nodiscard]] T* get() noexcept { return &value_; }
  [[nodiscard]] const T* get() const noexcept { return &value_; }
  [[nodiscard]] T* operator->() noexcept { return &value_; }
  [[nodiscard]] const T* operator->() const noexcept { return &value_; }
  [[nodiscard]] bool is_released() const noexcept { return value_.release == nullptr; }

 private:
  void release() noexcept {
    if (value_.release != nullptr) value_.release(&value_);
  }

  T value_{};
};

}  // namespace smplist::arrow
