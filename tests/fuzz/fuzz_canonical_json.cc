// The canonical form of JSON: what is taken is UTF-8, and its own canonical form.
#include <optional>
#include <string>

#include "core/base/text.h"
#include "core/ingest/canonical_json.h"
#include "tests/fuzz/check.h"

namespace millrace {
namespace {

std::optional<std::string> Canonical(std::string_view text) {
  // As a member, which is how every caller has it.
  const simdjson::padded_string padded("{\"x\":" + std::string(text) + "}");
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) return std::nullopt;
  std::string out;
  for (auto field_or : object) {
    simdjson::ondemand::field field;
    if (std::move(field_or).get(field)) return std::nullopt;
    if (AppendCanonicalJson(field.value(), &out).has_value()) return std::nullopt;
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS) return std::nullopt;
  return out;
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = millrace::fuzz::Text(data, size);
  // More than one member may come of it; then the form is of several values, and not JSON by itself.
  const auto form = millrace::Canonical(text);
  if (!form.has_value()) return 0;
  FUZZ_CHECK(millrace::IsValidUtf8(*form));
  if (const auto again = millrace::Canonical(*form)) FUZZ_CHECK(*again == *form);
  return 0;
}
