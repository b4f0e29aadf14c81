#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace example {

/// The frame of an example: its options, its data directory, its exit code.
///
/// A program exits with 0 when it reached its target, with 1 when it did not or an error was thrown, and with
/// 77 when it lacks data that cannot be shipped.
class Program {
 public:
  explicit Program(const std::string& description);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// An option whose default is the present value; an integer counts something and is at least 1.
  void option(const std::string& name, int& value, const std::string& description);
  void option(const std::string& name, double& value, const std::string& description);
  void option(const std::string& name, std::string& value, const std::string& description);
  /// An option without a value, which makes it true.
  void flag(const std::string& name, bool& value, const std::string& description);
  /// Adds --data DIRECTORY, for examples that read a data set.
  void reads_data();

  /// Reads the command line, seeds the default generator, and runs the example, which says whether it
  /// reached its target. Prints what is thrown.
  int run(int argc, char** argv, const std::function<bool()>& example);

  /// The value of --seed, for generators of the example's own.
  std::uint64_t seed() const { return seed_; }

 private:
  struct CommandLine;
  std::unique_ptr<CommandLine> command_line_;
  std::uint64_t seed_ = 1;
};

/// Returns `reached`, and says on standard error which target was missed if it is false.
bool check(bool reached, const std::string& target);

/// Thrown by an example that cannot run here.
struct Skip {
  std::string reason;
};

}  // namespace example
