// Text as a terminal shows it: how many columns it takes, and what of it is safe to print.
#pragma once

#include <string>
#include <string_view>

namespace millrace::cli {

// What is known of an output stream.
struct Terminal {
  bool is_terminal = false;
  int width_columns = 0;  // 0: no limit
  bool color = false;
};

// The terminal behind a file descriptor. Color only on a terminal, and not when NO_COLOR is set to anything
// or TERM is "dumb". COLUMNS, when set to a positive number, overrides the width that the terminal tells.
Terminal TerminalOf(int fd);

// `text` with what could move the cursor or change the terminal (control characters, bytes that are not
// UTF-8) written as \xNN. Tags, sources and names of files come from strangers.
std::string Printable(std::string_view text);

// Columns that printable UTF-8 takes, by the C library's wcwidth: 2 for wide East Asian characters, 0 for
// combining marks. Needs LC_CTYPE set to a UTF-8 locale for anything beyond ASCII, which else counts 1 each.
int DisplayWidth(std::string_view text);

// `text` cut to at most `width_columns`; what was cut shows as "…". Requires width_columns >= 1.
std::string ClipToWidth(std::string_view text, int width_columns);

// `text` between the escape sequences of an ANSI attribute ("1" bold, "31" red) when `color`, else unchanged.
std::string Paint(std::string_view text, const char* attribute, bool color);

}  // namespace millrace::cli
