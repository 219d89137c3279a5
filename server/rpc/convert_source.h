// Sources and refreshes as messages.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/catalog/source.h"
#include "core/refresh/refresher.h"
#include "millrace/v1/source_service.pb.h"

namespace millrace {

// Never the login and key.
void SetSource(const SourceRecord& record, v1::Source* message);
void SetRefreshRun(const RunRecord& run, v1::RefreshRun* message);
void SetRefreshPage(const PageReport& report, v1::RefreshPage* message);
void SetRefreshWait(const absl::Status& error, absl::Duration wait, v1::RefreshWait* message);

// What a request says; CompleteSettings checks it. kFieldInvalid for what the settings cannot hold.
absl::Status ReadSettings(const v1::CreateSourceRequest& request, SourceSettings* settings);
// Lays what the request names over `record`.
absl::Status ApplyUpdate(const v1::UpdateSourceRequest& request, SourceRecord* record);

}  // namespace millrace
