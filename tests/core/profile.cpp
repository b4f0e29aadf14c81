#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <xgrad/core.hpp>
#include <xgrad/core/launch.hpp>

using namespace xgrad;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

// Kernels of the test's own, which compute nothing, so that it is known what must be heard.
constexpr detail::Kernel first{.name = "first"}, second{.name = "second"},
    owned{.name = "owned", .owner = "optimizer"};

void run(const detail::Kernel& kernel, detail::Work work = {}, std::int64_t n = 1) {
  detail::launch(kernel, work, n, [](std::int64_t, std::int64_t) {});
}

/// An op that runs these kernels.
Tensor call(const std::string& name, const std::function<void()>& kernels, const Tensor& x) {
  return custom_op(
      name,
      [&](NoState&, const Tensor& t) {
        kernels();
        return t;
      },
      [](const CustomCall<NoState>&, const Tensor& g) { return g; })(x);
}

/// The row of a name; one without calls where there is none.
Profile::Row row(const std::vector<Profile::Row>& rows, const std::string& name) {
  const auto found = std::ranges::find(rows, name, &Profile::Row::name);
  return found == rows.end() ? Profile::Row() : *found;
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("xgrad_profile_" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
};

Json trace_of(const Profile& profile) {
  const Folder folder;
  profile.write_trace(folder / "trace.json");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  return Json::parse(std::ifstream(folder / "trace.json"));
}

std::vector<Json> events(const Json& trace, const std::string& category) {
  std::vector<Json> found;
  for (const Json& e : trace["traceEvents"])
    if (e["cat"] == category) found.push_back(e);
  return found;
}

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("kernels belong to the op that is heard next") {
  const Tensor x = ones({2});
  const Profile profile;

  call(
      "one",
      [] {
        run(first, {100, 7}), run(second, {10, 0});
      },
      x);
  call(
      "two",
      [] {
        run(first, {1, 1}, 5);
      },
      x);
  call(
      "one", [] {}, x);

  const auto ops = profile.ops(), kernels = profile.kernels();
  CHECK(row(ops, "one").calls == 2);
  CHECK(row(ops, "one").bytes == 110);
  CHECK(row(ops, "one").flops == 7);
  CHECK(row(ops, "two").calls == 1);
  CHECK(row(ops, "two").bytes == 1);
  CHECK(row(kernels, "first").calls == 2);
  CHECK(row(kernels, "first").bytes == 101);
  CHECK(row(kernels, "first").flops == 8);
  CHECK(row(kernels, "second").calls == 1);
  CHECK(ops.size() == 2);
}

TEST_CASE("times of ops, of kernels and in all are the same") {
  const Tensor x = ones({2});
  Profile profile;
  const auto wait = [] {
    detail::launch(first, {}, [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); });
  };
  call(
      "slow", [&] { wait(), wait(); }, x);
  call(
      "fast", [] { run(second); }, x);
  wait();
  profile.stop();

  const auto sum = [](const std::vector<Profile::Row>& rows) {
    double all = 0;
    for (const auto& r : rows) all += r.seconds;
    return all;
  };
  CHECK(profile.ops()[0].name == "slow");
  CHECK(profile.ops()[0].seconds >= 4e-3);
  CHECK(sum(profile.ops()) == doctest::Approx(profile.kernel_seconds()));
  CHECK(sum(profile.kernels()) == doctest::Approx(profile.kernel_seconds()));
  CHECK(profile.kernel_seconds() < profile.seconds());
  CHECK(profile.seconds() == profile.seconds());
}

TEST_CASE("a kernel with an owner is the owner's, whatever op is heard next") {
  const Tensor x = ones({2});
  const Profile profile;

  call(
      "one",
      [] {
        run(first, {1, 0}), run(owned, {50, 0}), run(first, {2, 0});
      },
      x);

  CHECK(row(profile.ops(), "one").bytes == 3);
  CHECK(row(profile.ops(), "optimizer").calls == 1);
  CHECK(row(profile.ops(), "optimizer").bytes == 50);
  CHECK(row(profile.kernels(), "owned").calls == 1);
}

TEST_CASE("kernels that no op claims are nobody's") {
  const Profile profile;

  try {
    call(
        "fails",
        [] {
          run(first, {8, 0}), throw std::runtime_error("no");
        },
        ones({2}));
  } catch (const std::runtime_error&) {
  }

  CHECK(row(profile.ops(), "fails").calls == 0);
  CHECK(row(profile.ops(), "(no op)").calls >= 1);
  CHECK(row(profile.ops(), "(no op)").bytes >= 8);
}

TEST_CASE("profiles nest, and one that has stopped hears nothing") {
  const Tensor x = ones({2});
  Profile outer;
  call(
      "before", [] { run(first); }, x);
  {
    Profile inner;
    call(
        "both", [] { run(first); }, x);
    inner.stop();
    call(
        "after", [] { run(first); }, x);
    inner.stop();

    CHECK(inner.ops().size() == 1);
    CHECK(row(inner.ops(), "both").calls == 1);
    CHECK(row(inner.kernels(), "first").calls == 1);
  }
  outer.stop();
  CHECK(detail::runs_unheard(1));
  call(
      "unheard", [] { run(first); }, x);

  CHECK(outer.ops().size() == 3);
  CHECK(row(outer.kernels(), "first").calls == 3);
}

TEST_CASE("what another thread computes is not heard") {
  const Profile profile;

  std::thread([] {
    call(
        "elsewhere", [] { run(first); }, ones({2}));
  }).join();

  CHECK(profile.ops().empty());
  CHECK(profile.kernels().empty());
}

TEST_CASE("a profile hears the rules of a backward and changes no gradient") {
  const auto gradient = [] {
    const Tensor x = tensor({0.3, -2.0}, {.requires_grad = true});
    sum(exp(x) * sin(x) + x).backward();
    return x.grad().to_vector<double>();
  };
  const auto alone = gradient();
  const Profile profile;

  CHECK(gradient() == alone);
  CHECK(row(profile.ops(), "exp").calls == 1);
  CHECK(row(profile.ops(), "cos").calls == 1);
}

TEST_CASE("the tables name what is known") {
  const Tensor x = ones({2});
  Profile profile;
  call(
      "by\nlines",
      [] {
        run(first, {3'000'000, 0});
      },
      x);
  call(
      "naïve",
      [] {
        run(second, {0, 5});
      },
      x);
  profile.stop();

  std::ostringstream out;
  out << profile;
  const std::string text = out.str();
  INFO(text);
  CHECK(text == profile.str());
  CHECK(text.find(" in kernels and ") != std::string::npos);
  CHECK(text.find("by\\nlines      1") != std::string::npos);
  CHECK(text.find("naïve          1") != std::string::npos);
  CHECK(text.find("3.000") != std::string::npos);
  CHECK(text.find("A trace has") == std::string::npos);
}

TEST_CASE("a trace is JSON whose events lie within each other") {
  const Tensor x = ones({2, 3});
  Profile profile;
  call(
      "an op",
      [] {
        run(first, {24, 6}, 7), run(second);
      },
      x);
  run(owned);
  sum(x, 1);
  profile.stop();

  const Json trace = trace_of(profile);
  const auto ops = events(trace, "op"), kernels = events(trace, "kernel");
  REQUIRE(ops.size() == 3);
  CHECK(ops[0]["name"] == "an op");
  CHECK(ops[0]["ph"] == "X");
  CHECK(ops[0]["pid"] == getpid());
  CHECK(ops[0]["args"]["inputs"] == Json{"f32[2, 3]"});
  CHECK(ops[0]["args"]["bytes"] == 24);
  CHECK(ops[1]["name"] == "optimizer");
  CHECK(ops[2]["name"] == "sum");
  CHECK(ops[2]["args"]["outputs"] == Json{"f32[2]"});
  CHECK(ops[2]["args"]["attributes"]["axes"] == Json{1});
  CHECK(kernels[0]["name"] == "first");
  CHECK(kernels[0]["args"] == Json{{"extent", 7}, {"bytes", 24}, {"flops", 6}});
  CHECK(kernels[1]["args"] == Json{{"extent", 1}});
  const auto end = [](const Json& e) { return e["ts"].get<double>() + e["dur"].get<double>(); };
  CHECK(ops[0]["ts"] == kernels[0]["ts"]);
  CHECK(end(kernels[1]) <= end(ops[0]) + 1e-6);
  CHECK(end(kernels[0]) <= kernels[1]["ts"].get<double>() + 1e-6);
  CHECK(kernels[0]["ts"].get<double>() >= 0);
  CHECK(end(ops[2]) <= profile.seconds() * 1e6 + 1);
}

TEST_CASE("names of any text come back from a trace, and bytes that are no text do not break it") {
  const std::string odd = "say \"x\\y\"\n\tnaïve 張 \x01";
  Profile profile;
  call(
      odd, [] {}, ones({2}));
  call(
      "\xff", [] {}, ones({2}));
  pow(ones({2}), std::numeric_limits<double>::infinity());
  profile.stop();

  const auto ops = events(trace_of(profile), "op");
  CHECK(std::ranges::any_of(ops, [&](const Json& e) { return e["name"] == odd; }));
  CHECK(std::ranges::any_of(ops, [](const Json& e) { return e["name"] == "\xef\xbf\xbd"; }));
  CHECK(std::ranges::any_of(ops, [](const Json& e) {
    return e["args"].contains("attributes") && e["args"]["attributes"].front() == "inf";
  }));
}

TEST_CASE("of more events than are kept only the sums are, and the profile says so") {
  const Tensor x = ones({2});
  Profile profile({.most_events = 3});
  for (int i = 0; i < 10; ++i)
    call(
        "many", [] { run(first); }, x);
  profile.stop();

  CHECK(row(profile.ops(), "many").calls == 10);
  CHECK(row(profile.kernels(), "first").calls == 10);
  CHECK(profile.str().find("A trace has the first 3 events, without 17 later ones") != std::string::npos);
  const Json trace = trace_of(profile);
  CHECK(trace["traceEvents"].size() == 3);
  CHECK(trace["otherData"]["events_left_out"] == 17);
}

TEST_CASE("a trace without events is one") {
  Profile profile;
  profile.stop();

  CHECK(trace_of(profile)["traceEvents"] == Json::array());
}

TEST_CASE("a trace that cannot be written is an Error with the path and the reason, and leaves no file") {
  const Folder folder;
  const Profile profile;
  const std::string remedy = "; name a file in a folder that exists and may be written";

  CHECK(message_of([&] { profile.write_trace(folder / "none/trace.json"); }) ==
        "write_trace: the file cannot be written (No such file or directory): " +
            (folder / "none/trace.json") + remedy);
  CHECK(message_of([&] { profile.write_trace(folder.path); }) ==
        "write_trace: the file cannot be written (Is a directory): " + folder.path.string() + remedy);
  CHECK(message_of([&] { profile.write_trace("/dev/full"); }) ==
        "write_trace: the file cannot be written (what is there is a device, a pipe or a socket): /dev/full" +
            remedy);
  CHECK(message_of([&] { profile.write_trace(""); }) ==
        "write_trace: the file needs a name: the path is empty");
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("a trace takes the place of an older file") {
  const Folder folder;
  std::ofstream(folder / "trace.json") << std::string(1 << 20, '!');
  const Profile profile;

  profile.write_trace(folder / "trace.json");

  CHECK(Json::parse(std::ifstream(folder / "trace.json")).contains("traceEvents"));
}
