// Views into the columns of a batch. They borrow the batch's memory: it must outlive them. Nothing is copied, and
// everything that indexes was checked when the view was made, so no index below size() can go astray.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"

namespace millrace::client {

// Which posts have a value.
class PresenceBits {
 public:
  // Without bits: all have it.
  explicit PresenceBits(absl::Span<const uint8_t> bits) : bits_(bits) {}

  bool all() const { return bits_.empty(); }
  // Requires i < the batch's size().
  bool operator[](size_t i) const { return bits_.empty() || (bits_[i / 8] >> (i % 8) & 1) != 0; }

 private:
  absl::Span<const uint8_t> bits_;
};

// A list a post (CSR).
template <typename T>
class ListColumn {
 public:
  // Requires at least one offset; offsets that begin with 0, do not descend and end with the number of values.
  ListColumn(absl::Span<const int32_t> offsets, absl::Span<const T> values) : offsets_(offsets), values_(values) {}

  // How many lists there are.
  size_t size() const { return offsets_.size() - 1; }
  // Requires i < size().
  absl::Span<const T> operator[](size_t i) const {
    const auto begin = static_cast<size_t>(offsets_[i]);
    return absl::Span<const T>(values_.data() + begin, static_cast<size_t>(offsets_[i + 1]) - begin);
  }
  // As they lie in the batch, for frameworks that take CSR: int32 [size() + 1], and the values of all lists.
  absl::Span<const int32_t> offsets() const { return offsets_; }
  absl::Span<const T> values() const { return values_; }

 private:
  absl::Span<const int32_t> offsets_;
  absl::Span<const T> values_;
};

// A text a post; empty for none. UTF-8 if the server is right, which is not checked.
class TextColumn {
 public:
  explicit TextColumn(ListColumn<uint8_t> bytes) : bytes_(bytes) {}

  size_t size() const { return bytes_.size(); }
  // Requires i < size().
  std::string_view operator[](size_t i) const {
    const absl::Span<const uint8_t> text = bytes_[i];
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

 private:
  ListColumn<uint8_t> bytes_;
};

}  // namespace millrace::client
