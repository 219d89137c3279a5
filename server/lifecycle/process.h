// Settings of the process as a whole.
#pragma once

namespace millrace {

// Call first in main, before threads: tunes allocator and locks, lets the process open as many files as the system
// allows it, and makes writes to closed pipes and sockets fail instead of ending the process, and says why before a
// mapped file that cannot be read ends it.
void PrepareProcess();

}  // namespace millrace
