#include "server/rpc/slice_writer.h"

#include <algorithm>
#include <iterator>

namespace millrace {
namespace {

// Large enough that a batch of some tens of posts takes one or two, small enough for malloc's own pages.
constexpr size_t kSliceSizeBytes = size_t{64} << 10;

}  // namespace

SliceWriter::~SliceWriter() {
  if (capacity_ > 0) grpc_slice_unref(open_);
}

uint8_t* SliceWriter::Append(size_t size_bytes) {
  if (capacity_ - used_ < size_bytes) {
    EndSlice();
    capacity_ = std::max(size_bytes, kSliceSizeBytes);
    open_ = grpc_slice_malloc(capacity_);
  }
  uint8_t* const out = GRPC_SLICE_START_PTR(open_) + used_;
  used_ += size_bytes;
  size_bytes_ += size_bytes;
  return out;
}

void SliceWriter::EndSlice() {
  if (capacity_ == 0) return;
  ended_.emplace_back(grpc_slice_sub(open_, 0, used_), grpc::Slice::STEAL_REF);
  grpc_slice_unref(open_);
  capacity_ = used_ = 0;
}

void SliceWriter::MoveTo(std::vector<grpc::Slice>* slices) {
  EndSlice();
  std::move(ended_.begin(), ended_.end(), std::back_inserter(*slices));
  ended_.clear();
  size_bytes_ = 0;
}

}  // namespace millrace
