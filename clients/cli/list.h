// Listings: follow the page tokens, print a table or JSON lines a page at a time.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "clients/cli/arguments.h"
#include "clients/cli/command.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

namespace millrace::cli {

// The --limit flag of listings.
struct Limit {
  int64_t count_max = 100;

  void AddTo(CLI::App& app) {
    app.add_option("--limit", count_max, "List at most this many; 0 lists all")
        ->check(AtLeast(0))
        ->capture_default_str();
  }
};

inline constexpr int64_t kPageSizeMax = 1000;

// Prints the items of every page of `method` until `limit`. `items` picks them from a response, `row` makes an
// item's cells. `nothing` is said when there are none ("no plans").
template <typename Stub, typename Request, typename Response, typename Item>
Outcome PrintList(Session& session, Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request,
                  const google::protobuf::RepeatedPtrField<Item>& (Response::*items)() const, const Limit& limit,
                  Table table, const std::function<std::vector<std::string>(const Item&)>& row,
                  const std::string& nothing) {
  const bool has_limit = limit.count_max > 0;
  int64_t printed_count = 0;
  while (true) {
    const int64_t wanted = has_limit ? limit.count_max - printed_count : kPageSizeMax;
    request.set_page_size(static_cast<int32_t>(std::min(wanted, kPageSizeMax)));
    Response response;
    if (const Outcome outcome = session.client.Call(stub, method, request, &response); !outcome.ok()) return outcome;
    for (const Item& item : (response.*items)()) {
      if (session.options.json) {
        PrintJson(item, session.out());
      } else {
        table.AddRow(row(item));
      }
      ++printed_count;
    }
    table.Print(session.out());
    session.out().flush();
    if (response.next_page_token().empty()) break;
    if (has_limit && printed_count >= limit.count_max) {
      session.err() << "There are more; --limit 0 lists all." << std::endl;
      break;
    }
    request.set_page_token(response.next_page_token());
  }
  if (printed_count == 0 && !session.options.json) session.err() << nothing << std::endl;
  return {};
}

}  // namespace millrace::cli
