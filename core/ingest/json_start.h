// What the first bytes of a file tell of it when they are JSON: how its records are wrapped, and the keys of the first.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
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
  std::string_view wrapper;      // "posts" or "post"
  bool has_attributes = false;   // a wrapper (or what would be one, had it records) with "@attributes"
  std::vector<Member> first;     // of the first record, as far as the bytes go; empty when there is none
  bool is_first_whole = false;   // the first record ends within the bytes, so that what it has no key for, it lacks
  bool holds_no_record = false;  // the bytes are whole, and hold nothing: blank, [], {"posts":[]}

  // How the value of `key` of the first record begins; null: no such key.
  const std::string_view* Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
};

// `bytes`: the start of a file, which may end anywhere. Never fails: what is no JSON has kNone.
JsonStart ReadJsonStart(std::string_view bytes);

}  // namespace millrace
