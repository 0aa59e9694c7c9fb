// The leak sanitizer names the library that a leak is from only while it is loaded; OpenVINO
// unloads its readers after use.
extern "C" int dlclose(void*) { return 0; }
