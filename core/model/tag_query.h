// What a listing of tags asks for; answered by the catalog for datasets and by snapshots alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/post.h"

namespace millrace {

// The place behind a tag in a listing's order.
struct TagCursor {
  std::string name;        // TagQuery::Order::kName
  int64_t post_count = 0;  // TagQuery::Order::kPostCount
  int64_t id = 0;
};

struct TagQuery {
  enum class Order { kName, kPostCount };  // name, id ascending; post_count descending, id ascending

  std::string prefix;
  std::optional<TagCategory> category;
  int64_t min_post_count = 1;
  Order order = Order::kName;
  std::optional<TagCursor> after;  // absent: from the start
  int64_t limit = 100;
};

struct TagPage {
  std::vector<Tag> tags;
  std::optional<TagCursor> next;  // absent: that was all
};

// A listing looks at no more tags than this for one page, so that a rare filter cannot make one request
// scan them all: the page then holds fewer tags than asked for, and `next` says where to go on.
inline constexpr int64_t kTagScanMax = 20'000;

}  // namespace millrace
