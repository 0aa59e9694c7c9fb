// Where no part of a static program can throw, what the compiler, std::thread and the C library's
// thread cancellation still refer to would bring in the unwinder and what prints exceptions, 3 % of
// it. Threads here end by returning; whoever would unwind the stack ends the program instead.
#include <cstdlib>
#include <exception>

namespace std {
void terminate() noexcept { abort(); }
}  // namespace std

// Declared by no header, or as functions of other types: they are only ever referred to.
extern "C" {
void __gxx_personality_v0() { std::abort(); }
void __gcc_personality_v0() { std::abort(); }
void _Unwind_Resume() { std::abort(); }
void _Unwind_GetCFA() { std::abort(); }
void _Unwind_ForcedUnwind() { std::abort(); }

// Of static variables in functions. No two threads come to one first: sessions are made by main().
int __cxa_guard_acquire(const char* guard) { return *guard == 0 ? 1 : 0; }
void __cxa_guard_release(char* guard) { *guard = 1; }
}
