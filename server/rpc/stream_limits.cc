#include "server/rpc/stream_limits.h"

namespace millrace {

std::optional<StreamShare> StreamLimits::TryOpen() {
  if (room() == Room::kNone) return std::nullopt;
  if (stream_count_.fetch_add(1, std::memory_order_relaxed) >= options_.stream_count_max) {
    stream_count_.fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return StreamShare(this);
}

StreamLimits::Room StreamLimits::room() const {
  const size_t held = held_size_bytes();
  if (held > options_.held_size_bytes_max) return Room::kNone;
  return held > options_.held_size_bytes_max / 2 ? Room::kOneBatch : Room::kWindow;
}

StreamShare::~StreamShare() {
  if (limits_ == nullptr) return;
  Release(held_size_bytes_);
  limits_->stream_count_.fetch_sub(1, std::memory_order_relaxed);
}

void StreamShare::Hold(size_t size_bytes) {
  held_size_bytes_ += size_bytes;
  last_size_bytes_ = size_bytes;
  limits_->held_size_bytes_.fetch_add(size_bytes, std::memory_order_relaxed);
}

void StreamShare::Release(size_t size_bytes) {
  held_size_bytes_ -= size_bytes;
  limits_->held_size_bytes_.fetch_sub(size_bytes, std::memory_order_relaxed);
}

bool StreamShare::HasRoom(bool is_sending, size_t ready_count, size_t ready_count_max) const {
  if (!is_sending && ready_count == 0) return true;
  const StreamLimits::Room room = limits_->room();
  if (room == StreamLimits::Room::kNone) return false;
  if (ready_count == 0) return true;
  if (room == StreamLimits::Room::kOneBatch || ready_count >= ready_count_max) return false;
  return held_size_bytes_ + last_size_bytes_ <= limits_->window_size_bytes();
}

}  // namespace millrace
