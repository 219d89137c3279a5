// What a board says itself of why it does not answer with posts.
#pragma once

#include <string>
#include <string_view>

#include "core/refresh/board.h"

namespace millrace {

// The board's words in `body`, the answer to `request`, quoted for a message: control characters escaped, 200 bytes at
// most. Empty when there are none (boards and what stands before them also answer with pages for people), and when
// they repeat a value of the request, which may be a password or key.
std::string BoardMessage(std::string_view body, const PageRequest& request);

}  // namespace millrace
