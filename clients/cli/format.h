// Numbers, sizes, times and names as people read them. Pure functions.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "millrace/v1/import_service.pb.h"
#include "millrace/v1/plan_service.pb.h"
#include "millrace/v1/post.pb.h"
#include "millrace/v1/source_service.pb.h"

namespace millrace::cli {

// "1,234,567"
std::string WithThousands(int64_t number);
// "512 B", "1.4 GiB": binary units, one decimal above bytes.
std::string HumanBytes(int64_t byte_count);
// "31,200/s" for counts. Nothing measurable gives "-".
std::string HumanRate(double per_second);
// "12.3 MB/s": decimal units, as networks and disks are sold.
std::string HumanByteRate(double bytes_per_second);
// "850 ms", "12.3 s", "2 min 05 s", "3 h 07 min". Negative durations count as zero.
std::string HumanDuration(absl::Duration duration);
std::string HumanDuration(const google::protobuf::Duration& duration);
// "42.0 %"; "-" when the whole is zero.
std::string Percent(int64_t part, int64_t whole);
// "2026-03-01 12:30:05Z"
std::string HumanTime(const google::protobuf::Timestamp& time);
// The first 12 characters, unless `full`.
std::string ShortDigest(std::string_view digest, bool full);

// The enum value's name without its type's prefix, in lower case: RATING_SAFE is "safe". The unspecified value is "-".
std::string RatingText(v1::Rating rating);
std::string CategoryText(v1::TagCategory category);
std::string StrategyText(v1::SplitStrategy strategy);
std::string UnitText(v1::SplitUnit unit);
std::string OrderText(v1::OrderKind order);
std::string LastBatchText(v1::LastBatch last_batch);
std::string StateText(v1::ImportState state);
std::string BoardKindText(v1::BoardKind kind);
std::string RefreshStateText(v1::RefreshState state);
// As --format takes it: "danbooru-jsonl".
std::string SourceFormatText(v1::SourceFormat format);
// The texts of all formats that can be named, in the order of their numbers.
std::vector<std::string> SourceFormatNames();
// The format of a text; unspecified when it is none.
v1::SourceFormat SourceFormatOf(const std::string& text);

}  // namespace millrace::cli
