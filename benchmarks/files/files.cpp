// files [--help] [--megabytes=N] [--rounds=N] FOLDER: how long it takes to save and load a model in a folder,
// beside cp, and the memory that it takes. Each time is the median of the rounds.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

constexpr int parts = 16;

struct Model {
  explicit Model(std::int64_t bytes) {
    for (int i = 0; i < parts; ++i) weights.push_back(ones({bytes / parts / 4}));
  }
  void visit(Visitor& v) { v("weights", weights); }

  std::vector<Tensor> weights;
};

double median(std::vector<double>& all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

class Times {
 public:
  template <class F>
  void take(const char* what, F f) {
    if (!rows_.contains(what)) order_.push_back(what);
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t busy = std::clock();
    f();
    busy_[what].push_back(1e3 * static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC);
    rows_[what].push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }

  void print() {
    for (const char* what : order_)
      std::printf("%-34s %9.1f ms, of which this process computed %9.1f ms\n", what, median(rows_[what]),
                  median(busy_[what]));
  }

 private:
  std::vector<const char*> order_;
  std::map<std::string_view, std::vector<double>> rows_, busy_;
};

/// Megabytes of the process's own, which are on no disk.
double own_megabytes() {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;)
    if (double kilobytes = 0; word == "RssAnon:" && in >> kilobytes) return kilobytes / 1e3;
  return 0;
}

double most_megabytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e3;
}

void command(const std::string& line) {
  if (std::system(line.c_str()) != 0) throw Error("files: the command must succeed: " + line);
}

void run(const std::string& folder, std::int64_t megabytes, int rounds) {
  const std::string path = folder + "/xgrad_files.safetensors", other = folder + "/xgrad_files.copy",
                    npz = folder + "/xgrad_files.npz";
  Model model(megabytes * 1'000'000);
  std::vector<NamedTensor> named;
  for (int i = 0; i < parts; ++i)
    named.push_back({std::to_string(i), model.weights[static_cast<std::size_t>(i)]});
  Times times;
  const auto save = [&] { files::save(path, model); };
  save();
  const double before = own_megabytes();
  double during = 0;
  for (int i = 0; i < rounds; ++i) {
    times.take("cp to a new file, flush, rename", [&] {
      command("cp '" + path + "' '" + other + ".new' && sync '" + other + ".new' && mv '" + other +
              ".new' '" + other + "'");
    });
    times.take("save (which does the same)", save);
    times.take("read, mapped", [&] { files::read(path); });
    times.take("cat, to a pipe", [&] { command("cat '" + path + "' | cat > /dev/null"); });
    times.take("load into a model", [&] { files::load(path, model); });
    during = std::max(during, own_megabytes());
  }
  const double most = most_megabytes();
  for (int i = 0; i < rounds; ++i) {
    times.take("write_npz", [&] { files::write_npz(npz, named); });
    times.take("read_npz", [&] { files::read_npz(npz); });
  }
  times.print();
  std::printf(
      "memory of its own: %.0f MB before, %.0f MB behind loads; resident at most, with the file's pages: "
      "%.0f MB\n",
      before, during, most);
  for (const std::string& file : {path, other, npz}) std::remove(file.c_str());
}

int number_behind(std::string_view argument, std::string_view name) {
  return argument.starts_with(name) ? std::atoi(argument.substr(name.size()).data()) : 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::string folder;
  int megabytes = 1000, rounds = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") {
      std::cout << "files [--megabytes=N] [--rounds=N] FOLDER\n";
      return 0;
    }
    if (const int n = number_behind(argument, "--megabytes="); n > 0)
      megabytes = n;
    else if (const int m = number_behind(argument, "--rounds="); m > 0)
      rounds = m;
    else
      folder = argument;
  }
  if (folder.empty()) throw Error("files: a folder is needed, in which files are made and removed");
  run(folder, megabytes, rounds);
} catch (const std::exception& e) {
  std::cerr << e.what() << std::endl;
  return 1;
}
