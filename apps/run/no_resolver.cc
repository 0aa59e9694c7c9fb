// What a static program takes of glibc without ever using it, a tenth of it: every thread is given
// a place for the resolver of host names, and with it the resolver, and messages of the C library
// are looked up in catalogues, which come with character sets and the loading of shared libraries.
// Here no name is resolved, and messages are glibc's own, in English.

// Declared by no header that may be included here.
extern "C" {
__thread void* __libc_resp = nullptr;
char* __dcgettext(const char*, const char* message, int) { return const_cast<char*>(message); }
}
