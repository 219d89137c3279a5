// Queries that begin with '-': "-solo 1girl" is a query, and looks like a flag.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace millrace::cli {

// The type name of an argument that is a query: how commands that take one are known.
inline constexpr char kQueryType[] = "QUERY";

// Whether the command takes a query as an argument of its own (not behind a flag).
bool TakesQuery(const CLI::App& command);

// The arguments of a command line (without the program's name) so that CLI11 reads the query as one: of a command that
// takes a query and has none that begins otherwise, what can be none of its flags goes to the end, behind "--". All
// other command lines stay as they are; so do those with a "--".
std::vector<std::string> WithDashedQueryLast(const CLI::App& root, std::vector<std::string> arguments);

}  // namespace millrace::cli
