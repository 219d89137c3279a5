#include "core/base/csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace {
namespace {

bool EndsPlainField(char c) { return c == ',' || c == '\n' || c == '"' || c == '\r'; }

// The first character of `text` from `place` on that cannot stand in a field without quotes; the text's end when none.
size_t FindEndOfPlainField(std::string_view text, size_t place) {
#ifdef __SSE2__
  const __m128i comma = _mm_set1_epi8(','), newline = _mm_set1_epi8('\n');
  const __m128i quote = _mm_set1_epi8('"'), carriage_return = _mm_set1_epi8('\r');
  for (; text.size() - place >= sizeof(__m128i); place += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + place));
    const __m128i ends =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, comma), _mm_cmpeq_epi8(bytes, newline)),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, carriage_return)));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(ends));
    if (mask != 0) return place + static_cast<size_t>(std::countr_zero(mask));
  }
#endif
  while (place < text.size() && !EndsPlainField(text[place])) ++place;
  return place;
}

}  // namespace

CsvRecordParser::Result CsvRecordParser::Parse(std::string_view text, bool is_final) {
  fields_.clear();
  doubled_.clear();
  inner_line_count_ = 0;
  size_t place = 0;
  while (true) {
    if (fields_.size() == kFieldCountMax) return Fault(inner_line_count_, "the record has more than 4,096 fields.");
    if (place < text.size() && text[place] == '"') {
      if (const Result result = ParseQuoted(text, is_final, &place); result != Result::kRecord) return result;
    } else {
      const size_t begin = place;
      place = FindEndOfPlainField(text, begin);
      if (place < text.size() && text[place] == '"') {
        return Fault(inner_line_count_,
                     "a quote stands inside a field that does not begin with one. Put the whole field in quotes and "
                     "write each quote in it twice.");
      }
      fields_.push_back({text.substr(begin, place - begin), false});
    }
    if (place == text.size()) {
      if (!is_final) return Result::kNeedMore;
      break;
    }
    const char next = text[place++];
    if (next == ',') continue;
    if (next == '\n') break;
    if (next == '\r' && place == text.size() && !is_final) return Result::kNeedMore;
    if (next == '\r' && place < text.size() && text[place] == '\n') {
      ++place;
      break;
    }
    const bool is_quoted = fields_.back().is_quoted;
    fields_.pop_back();
    return Fault(inner_line_count_,
                 is_quoted ? "text stands behind a closing quote. Put the whole field in quotes and write each quote "
                             "in it twice."
                           : "a carriage return stands by itself. End lines in LF or CRLF, or put the field in "
                             "quotes.");
  }
  size_bytes_ = place;
  if (!doubled_.empty()) Unescape();
  return Result::kRecord;
}

CsvRecordParser::Result CsvRecordParser::ParseQuoted(std::string_view text, bool is_final, size_t* place) {
  const size_t begin = *place + 1;
  size_t end = begin;
  bool has_doubled = false;
  while (true) {
    const size_t quote = text.find('"', end);
    if (quote == std::string_view::npos) {
      if (!is_final) return Result::kNeedMore;
      return Fault(inner_line_count_,
                   "a quoted field does not end. Close it with a quote, and write each quote in it twice.");
    }
    end = quote + 1;
    if (end == text.size() && !is_final) return Result::kNeedMore;
    if (end == text.size() || text[end] != '"') break;
    has_doubled = true;
    ++end;
  }
  *place = end;
  const std::string_view content = text.substr(begin, end - 1 - begin);
  inner_line_count_ += std::count(content.begin(), content.end(), '\n');
  if (has_doubled) doubled_.push_back(fields_.size());
  fields_.push_back({content, true});
  return Result::kRecord;
}

CsvRecordParser::Result CsvRecordParser::Fault(int64_t line_offset, std::string_view why) {
  fault_line_offset_ = line_offset;
  fault_field_number_ = fields_.size() + 1;
  fault_ = why;
  return Result::kFault;
}

void CsvRecordParser::Unescape() {
  size_t size_bytes = 0;
  for (const size_t index : doubled_) size_bytes += fields_[index].text.size();
  unescaped_.resize(std::max(unescaped_.size(), size_bytes));
  char* out = unescaped_.data();
  for (const size_t index : doubled_) {
    std::string_view text = fields_[index].text;
    const char* const begin = out;
    while (!text.empty()) {
      const size_t quote = text.find('"');
      const size_t taken = quote == std::string_view::npos ? text.size() : quote + 1;
      std::memcpy(out, text.data(), taken);
      out += taken;
      text.remove_prefix(std::min(text.size(), quote == std::string_view::npos ? taken : taken + 1));
    }
    fields_[index].text = {begin, static_cast<size_t>(out - begin)};
  }
}

}  // namespace millrace
