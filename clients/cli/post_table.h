// Posts as people see them; shared by every command that shows posts.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/display.h"
#include "clients/cli/table.h"
#include "millrace/v1/post.pb.h"

namespace millrace::cli {

// A row a post: the columns that help to recognise it.
Table PostTable(const Terminal& terminal);
std::vector<std::string> PostRow(const v1::Post& post);

// One post with every field that it has, tags by category.
void PrintPost(const v1::Post& post, const Terminal& terminal, std::ostream& out);

}  // namespace millrace::cli
