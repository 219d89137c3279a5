// The formats that are text other than JSON. CSV is told by the names of its columns.
#include "core/base/byte_order_mark.h"
#include "core/base/csv.h"
#include "core/ingest/e621_csv_table.h"
#include "core/ingest/recognise.h"

namespace millrace {

bool RecogniseE621Csv(std::string_view start) {
  CsvRecordParser parser;
  if (parser.Parse(WithoutByteOrderMark(start), /*is_final=*/false) != CsvRecordParser::Result::kRecord) return false;
  std::vector<std::string> columns;
  for (const CsvField& field : parser.fields()) columns.emplace_back(field.text);
  return TellE621CsvTable(columns) != E621CsvTableKind::kNone;
}

bool RecognisePictureFolder(std::string_view) { return false; }

}  // namespace millrace
