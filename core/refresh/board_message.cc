#include "core/refresh/board_message.h"

#include <simdjson.h>

#include <vector>

#include "absl/strings/str_split.h"
#include "core/base/text.h"

namespace millrace {
namespace {

// Danbooru's errors come with a backtrace of some KiB; what is far larger is no error.
constexpr size_t kBodySizeBytesMax = 256 << 10;
constexpr size_t kShownSizeBytesMax = 200;
// Shorter values (page sizes, ids) occur in any text, and protect nothing.
constexpr size_t kSecretSizeBytesMin = 6;

// Danbooru and e621 say "message" or "reason", Moebooru "reason", others "error".
std::string_view FindWords(simdjson::dom::element answer) {
  for (const char* key : {"message", "reason", "error"}) {
    std::string_view words;
    if (answer[key].get(words) == simdjson::SUCCESS && !words.empty()) return words;
  }
  return {};
}

bool Repeats(std::string_view words, std::string_view value) {
  return value.size() >= kSecretSizeBytesMin && words.find(value) != std::string_view::npos;
}

bool RepeatsValueOf(std::string_view words, const PageRequest& request) {
  if (Repeats(words, request.user) || Repeats(words, request.password)) return true;
  const size_t query = request.url.find('?');
  if (query == std::string::npos) return false;
  const std::vector<std::string> pairs = absl::StrSplit(request.url.substr(query + 1), '&');
  for (const std::string& pair : pairs) {
    if (Repeats(words, pair.substr(pair.find('=') + 1))) return true;
  }
  return false;
}

}  // namespace

std::string BoardMessage(std::string_view body, const PageRequest& request) {
  if (body.size() > kBodySizeBytesMax) return {};
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  if (parser.parse(body.data(), body.size()).get(answer) != simdjson::SUCCESS || !answer.is_object()) return {};
  const std::string_view words = FindWords(answer);
  return words.empty() || RepeatsValueOf(words, request) ? std::string() : QuoteForMessage(words, kShownSizeBytesMax);
}

}  // namespace millrace
