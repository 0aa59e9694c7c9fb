// The tables of the gates' functions, as whoever makes a plan writes them into it.
#pragma once

#include <cstdint>

namespace durward {

// LstmInt16::tables: [2, kGateTableEntries], sigmoid and tanh.
void lstm_int16_tables(int16_t* tables) noexcept;

}  // namespace durward
