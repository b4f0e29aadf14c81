// The program xgrad: see docs/tool.md.

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>

#include "commands.hpp"
#include "text.hpp"
#include "xgrad/core/build_info.hpp"
#include "xgrad/core/error.hpp"

namespace {

using namespace xgrad::tools;

struct CommandLine {
  CLI::App app{
      "Looks into files of tensors, converts and compares them, and examines an installation of xgrad.",
      "xgrad"};
  InfoOptions info_options;
  ConvertOptions convert_options;
  DiffOptions diff_options;
  DoctorOptions doctor_options;
  int (*run)(const CommandLine&) = nullptr;

  CommandLine() {
    app.set_version_flag("--version", "xgrad " + xgrad::build_info().version, "Prints the version and ends");
    app.require_subcommand(1);
    app.footer(
        "The form of a file is known by its ending: .safetensors, .npy, .npz; and to be read only: .pt, "
        ".pth, "
        ".bin.\nExit status: 0 if all is well, 1 if files differ or the self test fails, 2 in trouble.");
    add_info(), add_convert(), add_diff(), add_doctor();
  }

 private:
  CLI::App* command(const char* name, const char* description, int (*f)(const CommandLine&)) {
    CLI::App* sub = app.add_subcommand(name, description);
    sub->callback([this, f] { run = f; });
    return sub;
  }

  void add_info() {
    CLI::App* c =
        command("info", "Prints what is in a file: names, dtypes, shapes, bytes, statistics, metadata",
                [](const CommandLine& line) { return info(line.info_options); });
    c->add_option("FILE", info_options.path, "The file")->required();
    c->add_flag("!--no-statistics", info_options.statistics,
                "Leaves out what needs every element to be read");
    c->add_flag("--json", info_options.json, "Prints JSON");
  }

  void add_convert() {
    CLI::App* c = command("convert", "Writes a file in another form, by the ending of its name",
                          [](const CommandLine& line) { return convert(line.convert_options); });
    c->add_option("FROM", convert_options.from, "The file to read")->required();
    c->add_option("TO", convert_options.to, "The file to write; what is there is replaced")->required();
    c->add_flag("--tensors-only", convert_options.tensors_only,
                "Leaves out metadata and values that are no tensors");
    c->add_flag("--compress", convert_options.compress, "Deflates the members of a .npz");
  }

  void add_diff() {
    CLI::App* c =
        command("diff", "Prints where two files differ: nothing, and exit status 0, where they do not",
                [](const CommandLine& line) { return diff(line.diff_options); });
    c->add_option("A", diff_options.a, "A file")->required();
    c->add_option("B", diff_options.b, "Another one, of any form")->required();
    c->add_option("--tolerance", diff_options.tolerance,
                  "Elements are alike where |a - b| <= tolerance max(1, |a|, |b|)")
        ->capture_default_str()
        ->check(CLI::Validator(
            [](const std::string& text) {
              double v = 0;
              return CLI::detail::lexical_cast(text, v) && v >= 0 && std::isfinite(v)
                         ? ""
                         : "must be a number of at least 0, and is " + text;
            },
            "", "tolerance"));
    c->add_flag("--ignore-dtype", diff_options.values_only,
                "Compares elements of different dtypes by their values");
    c->add_flag("--tensors-only", diff_options.tensors_only,
                "Passes over metadata and values that are no tensors");
    c->add_flag("--json", diff_options.json, "Prints JSON");
  }

  void add_doctor() {
    CLI::App* c =
        command("doctor", "Prints how xgrad was built and where it finds data, and tests it for two seconds",
                [](const CommandLine& line) { return doctor(line.doctor_options); });
    c->add_flag("--json", doctor_options.json, "Prints JSON");
  }
};

int trouble_with(const std::string& what) {
  std::cerr << "xgrad: " << printable(what) << std::endl;
  return trouble;
}

int run(int argc, char** argv) {
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (line.app.exit(e) != 0) return trouble;
    return std::cout.flush() ? all_well : trouble_with("the output cannot be written");
  }
  const int status = line.run(line);
  errno = 0;
  if (!std::cout.flush())
    return trouble_with(std::string("the output cannot be written: ") + std::strerror(errno));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    return trouble_with("there is not enough memory");
  } catch (const std::exception& e) {
    return trouble_with(e.what());
  }
}
