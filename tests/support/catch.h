// The one place that knows where Catch2's header lies and what it is called.
#pragma once

#include <catch2/catch.hpp>
