#include "core/ingest/json_splitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/byte_order_mark.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr size_t kKeySizeBytesMax = 32;  // longer keys are none that is looked for

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool IsNested(char c) { return c == '{' || c == '[' || c == '"'; }

}  // namespace

JsonSplitter::JsonSplitter(Options options, Handler handler) : options_(options), handler_(std::move(handler)) {}

void JsonSplitter::Restart(std::string_view file) {
  file_ = file;
  state_ = State::kTop;
  offset_ = record_count_ = depth_ = 0;
  in_string_ = is_escaped_ = is_kept_ = is_too_long_ = false;
  buffered_bytes_ = 0;
  is_in_list_ = is_wrapper_ = expects_key_ = expects_value_ = false;
}

absl::Status JsonSplitter::Write(std::string_view bytes) {
  size_t at = 0;
  // A file's first piece holds the mark whole: the pipeline looks at the first bytes before it hands them on.
  if (offset_ == 0 && bytes.starts_with(kByteOrderMark)) at = kByteOrderMark.size();
  begin_ = 0;
  while (at < bytes.size()) MILLRACE_RETURN_IF_ERROR(Step(bytes, &at));
  if (is_kept_) Keep(bytes.substr(begin_));
  offset_ += static_cast<int64_t>(bytes.size());
  return absl::OkStatus();
}

absl::Status JsonSplitter::End() {
  begin_ = 0;
  if (state_ == State::kScalar) MILLRACE_RETURN_IF_ERROR(EndRecord({}, 0));
  if (state_ == State::kTop) return absl::OkStatus();
  return MakeError(
      Reason::kFileInvalid,
      absl::StrCat(file_, ": ends ", is_kept_ ? "within" : "behind", " record ", record_count_ + (is_kept_ ? 1 : 0),
                   ", before the end of its JSON (was it cut short?). Check the file, or fetch it again."),
      {{"file", file_}, {"offset", absl::StrCat(offset_)}});
}

absl::Status JsonSplitter::Step(std::string_view bytes, size_t* at) {
  if (state_ == State::kRecord) return StepInRecord(bytes, at);
  if (state_ == State::kObject) return StepInObject(bytes, at);
  const char c = bytes[*at];
  if (state_ == State::kScalar) {
    if (!IsSpace(c) && c != ',' && c != ']' && c != '}') return ++*at, absl::OkStatus();
    return EndRecord(bytes, *at);
  }
  if (IsSpace(c)) return ++*at, absl::OkStatus();
  if (state_ == State::kListNext) {
    if (c != ',' && c != ']') return UnexpectedError(c, *at, ", or ]");
    state_ = c == ',' ? State::kListValue : is_wrapper_ ? State::kObject : State::kTop;
    is_in_list_ = c == ',';
    return ++*at, absl::OkStatus();
  }
  if (state_ == State::kListFirst && c == ']') {
    state_ = is_wrapper_ ? State::kObject : State::kTop;
    is_in_list_ = false;
    return ++*at, absl::OkStatus();
  }
  if (c == ',' || c == ':' || c == ']' || c == '}') return UnexpectedError(c, *at, "a record");
  if (state_ == State::kTop && c == '[') {
    state_ = State::kListFirst;
    is_in_list_ = true;
    is_wrapper_ = false;
    return ++*at, absl::OkStatus();
  }
  BeginRecord(c, *at);
  if (state_ == State::kRecord && !is_in_list_ && c == '{' && !is_wrapper_) {
    state_ = State::kObject;
    expects_key_ = true;
    expects_value_ = false;
    has_records_ = false;
    other_key_.clear();
  }
  return ++*at, absl::OkStatus();
}

void JsonSplitter::BeginRecord(char c, size_t at) {
  begin_ = at;
  buffered_bytes_ = 0;
  is_kept_ = true;
  is_too_long_ = false;
  is_escaped_ = false;
  in_string_ = c == '"';
  depth_ = c == '{' || c == '[' ? 1 : 0;
  state_ = IsNested(c) ? State::kRecord : State::kScalar;
}

absl::Status JsonSplitter::StepInRecord(std::string_view bytes, size_t* at) {
  size_t i = *at;
  const size_t size = bytes.size();
  while (i < size) {
    const char c = bytes[i++];
    if (in_string_) {
      if (is_escaped_) {
        is_escaped_ = false;
      } else if (c == '\\') {
        is_escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) return *at = i, EndRecord(bytes, i);
      } else {
        while (i < size && bytes[i] != '"' && bytes[i] != '\\') ++i;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      return *at = i, EndRecord(bytes, i);
    }
  }
  *at = i;
  return absl::OkStatus();
}

absl::Status JsonSplitter::StepInObject(std::string_view bytes, size_t* at) {
  const char c = bytes[*at];
  const bool is_direct = depth_ == 1;
  if (in_string_) {
    const bool is_end = c == '"' && !is_escaped_;
    is_escaped_ = c == '\\' && !is_escaped_;
    if (is_end) {
      in_string_ = false;
    } else if (is_direct && expects_key_ && key_.size() < kKeySizeBytesMax) {
      key_.push_back(c);
    }
    return ++*at, absl::OkStatus();
  }
  if (IsSpace(c)) return ++*at, absl::OkStatus();
  if (is_direct && expects_value_) {
    expects_value_ = false;
    const bool is_wrapper =
        std::find(options_.wrappers.begin(), options_.wrappers.end(), key_) != options_.wrappers.end();
    has_records_ |= is_wrapper;
    if (is_wrapper && (c == '[' || c == '{')) return BeginMember(c, (*at)++);
    if (!options_.page_mark.empty() && key_ == options_.page_mark) {
      is_wrapper_ = true, is_kept_ = false;
    } else if ((c == '[' || c == '{') && other_key_.empty()) {
      other_key_ = key_;
    }
  }
  ++*at;
  if (c == '"') {
    in_string_ = true;
    if (is_direct && expects_key_) key_.clear();
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    if (--depth_ > 0) return absl::OkStatus();
    if (c != '}') return UnexpectedError(c, *at - 1, "}");
    if (is_kept_) return EndRecord(bytes, *at);
    if (!has_records_ && !other_key_.empty()) return OtherPageError(*at);
    state_ = State::kTop;
    is_wrapper_ = false;
  } else if (is_direct && c == ':') {
    expects_key_ = false;
    expects_value_ = true;
  } else if (is_direct && c == ',') {
    expects_key_ = true;
  }
  return absl::OkStatus();
}

absl::Status JsonSplitter::BeginMember(char c, size_t at) {
  is_wrapper_ = true;
  is_kept_ = false;
  expects_key_ = false;
  if (c == '{') {
    BeginRecord(c, at);
  } else {
    state_ = State::kListFirst;
    is_in_list_ = true;
  }
  return absl::OkStatus();
}

absl::Status JsonSplitter::EndRecord(std::string_view bytes, size_t end) {
  is_kept_ = false;
  in_string_ = false;
  state_ = is_in_list_ ? State::kListNext : is_wrapper_ ? State::kObject : State::kTop;
  depth_ = is_wrapper_ ? 1 : 0;
  const int64_t number = ++record_count_;
  const std::string_view part = bytes.substr(begin_, end - begin_);
  const bool in_place = buffered_bytes_ == 0 && !is_too_long_ && bytes.size() - end >= options_.padding_bytes;
  if (in_place && static_cast<int64_t>(part.size()) <= options_.record_size_bytes_max) {
    return handler_.record(part, number);
  }
  Keep(part);
  const size_t size = std::exchange(buffered_bytes_, 0);
  if (is_too_long_) return handler_.long_record(number);
  std::memset(buffer_.data() + size, ' ', options_.padding_bytes);
  return handler_.record({buffer_.data(), size}, number);
}

void JsonSplitter::Keep(std::string_view part) {
  const size_t size = buffered_bytes_ + part.size();
  if (is_too_long_ || static_cast<int64_t>(size) > options_.record_size_bytes_max) {
    is_too_long_ = true;
    buffered_bytes_ = 0;
    return;
  }
  if (buffer_.size() < size + options_.padding_bytes) {
    const size_t size_bytes_max = static_cast<size_t>(options_.record_size_bytes_max) + options_.padding_bytes;
    buffer_.resize(std::min(std::max(size + options_.padding_bytes, 2 * buffer_.size()), size_bytes_max));
  }
  if (!part.empty()) std::memcpy(buffer_.data() + buffered_bytes_, part.data(), part.size());
  buffered_bytes_ = size;
}

absl::Status JsonSplitter::OtherPageError(size_t at) const {
  const std::string offset = absl::StrCat(offset_ + static_cast<int64_t>(at));
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat(file_, ": is a page of ", QuoteForMessage(other_key_),
                                " and not of posts. Import without this file."),
                   {{"file", file_}, {"offset", offset}});
}

absl::Status JsonSplitter::UnexpectedError(char c, size_t at, std::string_view expected) const {
  const std::string offset = absl::StrCat(offset_ + static_cast<int64_t>(at));
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat(file_, ": behind record ", record_count_, ", at byte ", offset, ", stands ",
                                QuoteForMessage({&c, 1}), " where ", std::string(expected),
                                " was expected. Check the file, or fetch it again."),
                   {{"file", file_}, {"offset", offset}});
}

}  // namespace millrace
