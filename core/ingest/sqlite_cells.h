// Cells of a SQLite dump's rows as values of a record.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/catalog/sqlite.h"
#include "core/ingest/canonical_json.h"
#include "core/ingest/record.h"

namespace millrace {

// SQLite turns numbers into text; what was stored as a real but is whole is taken as whole. Blobs become text of their
// bytes, which every field but a text rejects. Valid until the next step.
ScalarValue Cell(Statement& row, int column);

// What is wrong with text that is no UTF-8.
std::optional<std::string> CheckUtf8(const ScalarValue& value);

// Sets a field of `post` from a cell, of which an md5 may be its 16 bytes. What is wrong, otherwise.
std::optional<std::string> SetPostFieldFromCell(PostField field, Statement& row, int column, RatingScheme scheme,
                                                Post* post);

// Adds a cell to the members of an extra_json: numbers as numbers, text as text, null not at all. What is wrong with
// it, otherwise.
std::optional<std::string> AddMember(std::string_view name, const ScalarValue& value, JsonMembers* members);

}  // namespace millrace
