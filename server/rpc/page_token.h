// Page tokens: where a listing goes on. Opaque to clients and bound to the method and the request they came from; a
// token of another request, or one with a single bit changed, is refused. They hold no secrets and need none: what a
// forger could make is a listing from another place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// The place behind the last item of a page. Each listing uses the parts that its order needs.
struct PageCursor {
  std::string text;
  int64_t number = 0;
  int64_t id = 0;
  friend bool operator==(const PageCursor&, const PageCursor&) = default;
};

// `binding` is whatever the token must not be used without: see PageBinding.
std::string EncodePageToken(std::string_view binding, const PageCursor& cursor);

// Nothing for an empty token: the first page. kPageTokenInvalid for a token that EncodePageToken did not make for
// this binding.
absl::StatusOr<std::optional<PageCursor>> DecodePageToken(std::string_view binding, std::string_view token);

// The method and everything of the request that chooses or orders the items.
template <typename Request>
std::string PageBinding(std::string_view method, Request request) {
  request.clear_page_size();
  request.clear_page_token();
  request.DiscardUnknownFields();
  std::string binding(method);
  binding += '\n';
  request.AppendToString(&binding);
  return binding;
}

}  // namespace millrace
