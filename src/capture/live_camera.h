// A camera over a source that goes on by itself: it is read all the time, on a thread of its own,
// so that the newest picture is at hand and nothing old waits in a driver's buffers.
#pragma once

#include <memory>
#include <string>

#include "capture/picture_source.h"

namespace durward {

// Pictures are decoded only while somebody asks for them. A source that
// hangs holds nobody up: after two seconds its thread is left to itself. Errors: the source's.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Camera>> open_live_camera(std::string source,
                                                                       OpenSource open);

}  // namespace durward
