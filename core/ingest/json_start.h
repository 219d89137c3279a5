// What the first bytes of a file tell of it when they are JSON: how its records are wrapped, and the keys that they
// have.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

struct JsonStart {
  enum class Outer : uint8_t {
    kNone,     // no JSON of records
    kRecord,   // an object that is a record itself: a line of JSON lines
    kArray,    // an array of records
    kWrapped,  // an object that has the records in its member `wrapper`
  };
  // A key and how its value begins: its first character, and for a list or an object the first one in it, too ("[{",
  // "\"", "["). Empty where the bytes end before the value.
  struct Member {
    std::string_view key;  // as written, between its quotes
    std::string_view value_start;
  };

  Outer outer = Outer::kNone;
  std::string_view wrapper;     // "posts" or "post"
  bool has_attributes = false;  // a wrapper (or what would be one, had it records) with "@attributes"
  // Of all records as far as the bytes go, in the order in which they appear, each pair of key and value's beginning
  // once: one record may lack what the next one tells. No more than some hundred.
  std::vector<Member> members;
  int64_t record_count = 0;      // that begin within the bytes
  bool is_first_whole = false;   // the first record ends within the bytes, so that what it has no key for, it lacks
  std::string rating_letters;    // the first letters of the records' `rating`, each once
  bool holds_no_record = false;  // the bytes are whole, and hold nothing: blank, [], {"posts":[]}

  // Whether a record has the key.
  bool Has(std::string_view key) const;
  // Whether a record has a value of `key` that begins with `prefix`.
  bool Begins(std::string_view key, std::string_view prefix) const;
};

// `bytes`: the start of a file, which may end anywhere. Never fails: what is no JSON has kNone.
JsonStart ReadJsonStart(std::string_view bytes);

}  // namespace millrace
