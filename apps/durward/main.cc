#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app("Compresses authentication models and proves what it cost.");
  app.require_subcommand(0);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
