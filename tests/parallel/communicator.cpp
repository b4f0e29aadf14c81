#include <cmath>
#include <limits>
#include <thread>

#include "parallel/ranks.hpp"

using namespace xgrad;
using namespace xgrad::test;
using parallel::Communicator;
using parallel::Reduce;

namespace {

/// Lengths around what travels in one message, and what leaves shares of different sizes.
const std::vector<std::int64_t> lengths{0, 1, 3, 512, 513, 1024, 1025, 5000, 40003};

/// x of rank r: numbers whose sum depends on the order in which they are added.
Tensor numbers(int r, std::int64_t n, DType dtype) {
  std::vector<double> v(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i)
    v[static_cast<std::size_t>(i)] =
        std::ldexp(std::sin(static_cast<double>(7 * i + r + 1)), (5 * r + static_cast<int>(i)) % 23);
  return tensor(v).to(dtype);
}

/// ((x0 + x1) + x2) + ... in the type itself.
template <class T>
std::vector<T> sum_in_order(int size, std::int64_t n, DType dtype) {
  std::vector<T> sums = numbers(0, n, dtype).to_vector<T>();
  for (int r = 1; r < size; ++r) {
    const std::vector<T> x = numbers(r, n, dtype).to_vector<T>();
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = static_cast<T>(sums[i] + x[i]);
  }
  return sums;
}

template <class T>
void check_sums(Communicator& c, DType dtype) {
  for (const std::int64_t n : lengths) {
    Tensor x = numbers(c.rank(), n, dtype);
    c.all_reduce(x);
    CHECK(x.to_vector<T>() == sum_in_order<T>(c.size(), n, dtype));
  }
}

}  // namespace

TEST_CASE("all_reduce sums in the order of the ranks, to the bit, for any length and dtype") {
  on_all_ranks([](Communicator c) {
    check_sums<float>(c, float32);
    check_sums<double>(c, float64);
    check_sums<std::int64_t>(c, int64);
  });
}

TEST_CASE("all_reduce takes the mean and the largest, nan included, and max of booleans") {
  on_all_ranks([](Communicator c) {
    const double r = c.rank(), last = c.size() - 1;
    Tensor mean = tensor({r, 2 * r}), largest = tensor({r, -r, r == last ? std::nan("") : 1.0});
    Tensor any = tensor({c.rank() == 0, false});

    c.all_reduce(mean, Reduce::mean), c.all_reduce(largest, Reduce::max), c.all_reduce(any, Reduce::max);

    CHECK(mean.to_vector<double>() ==
          std::vector<double>{static_cast<double>(static_cast<float>(last / 2)), last});
    CHECK(largest.at({0}) == last);
    CHECK(largest.at({1}) == 0);
    CHECK(std::isnan(largest.at({2})));
    CHECK(any.to_vector<bool>() == std::vector<bool>{true, false});
  });
}

TEST_CASE("broadcast gives every rank the values of any root") {
  on_all_ranks([](Communicator c) {
    for (int root = 0; root < c.size(); ++root)
      for (const std::int64_t n : lengths) {
        Tensor x = numbers(c.rank(), n, float64);
        c.broadcast(x, root);
        CHECK(x.to_vector<double>() == numbers(root, n, float64).to_vector<double>());
      }
  });
}

TEST_CASE("all_gather has a row of each rank, and reduce_scatter leaves each the sum of its row") {
  on_all_ranks([](Communicator c) {
    for (const std::int64_t n : lengths) {
      const Tensor all = c.all_gather(numbers(c.rank(), n, float64).reshape({n, 1}));
      REQUIRE(all.shape() == Shape{c.size(), n, 1});
      for (int r = 0; r < c.size() && n > 0; ++r)
        CHECK(all[r].to_vector<double>() == numbers(r, n, float64).to_vector<double>());

      std::vector<Tensor> rows;
      for (int r = 0; r < c.size(); ++r) rows.push_back(numbers(c.rank(), n, float32) * (r + 1));
      const Tensor own = c.reduce_scatter(stack(rows));
      Tensor expected = numbers(0, n, float32) * (c.rank() + 1);
      for (int r = 1; r < c.size(); ++r) expected = expected + numbers(r, n, float32) * (c.rank() + 1);
      CHECK(own.to_vector<float>() == expected.to_vector<float>());
    }
  });
}

TEST_CASE("send and receive go around a ring, by tags, and into memory of the caller's") {
  on_ranks({2, 3, 4}, [](Communicator c) {
    const int next = (c.rank() + 1) % c.size(), before = (c.rank() + c.size() - 1) % c.size();
    for (const std::int64_t n : lengths) {
      const Tensor x = numbers(c.rank(), n, float64), y = numbers(c.rank() + 9, n, float64);
      std::vector<double> memory(static_cast<std::size_t>(n) + 1);
      Tensor got_x = from_memory(memory.data(), {n}), got_y = zeros({n}, {.dtype = float64});

      parallel::Work to_x = c.start_send(x, next, 3), to_y = c.start_send(y, next, 4);
      c.receive(got_y, before, 4), c.receive(got_x, before, 3);
      to_x.wait(), to_y.wait();

      memory.pop_back();
      CHECK(memory == numbers(before, n, float64).to_vector<double>());
      CHECK(got_y.to_vector<double>() == numbers(before + 9, n, float64).to_vector<double>());
    }
  });
}

TEST_CASE("calls that were begun together end in any order") {
  on_all_ranks([](Communicator c) {
    Tensor a = full({3000}, 1.0), b = full({5}, 2.0), d = full({2000}, c.rank() == 0 ? 3.0 : 0.0);
    parallel::Work first = c.start_all_reduce(a), second = c.start_all_reduce(b),
                   third = c.start_broadcast(d);

    third.wait(), second.wait(), first.wait();

    CHECK(a.at({2999}) == c.size());
    CHECK(b.at({4}) == 2 * c.size());
    CHECK(d.at({1999}) == 3);
    CHECK(first.test());
  });
}

TEST_CASE("texts of any length are gathered in the order of the ranks") {
  on_all_ranks([](Communicator c) {
    const auto text = [](int r) {
      return std::string(static_cast<std::size_t>(5 * r), static_cast<char>('a' + r));
    };
    const std::vector<std::string> texts = c.all_gather_texts(text(c.rank()));
    REQUIRE(static_cast<int>(texts.size()) == c.size());
    for (int r = 0; r < c.size(); ++r) CHECK(texts[static_cast<std::size_t>(r)] == text(r));
  });
}

TEST_CASE("a duplicate's calls do not meet those of the original") {
  on_all_ranks([](Communicator c) {
    Communicator other = c.duplicate();
    Tensor a = full({4}, 1.0), b = full({4}, 10.0);
    // Begun in another order on every second rank.
    parallel::Work first = c.rank() % 2 ? other.start_all_reduce(b) : c.start_all_reduce(a);
    parallel::Work second = c.rank() % 2 ? c.start_all_reduce(a) : other.start_all_reduce(b);
    first.wait(), second.wait();

    CHECK(a.at({0}) == c.size());
    CHECK(b.at({0}) == 10 * c.size());
  });
}

TEST_CASE("more calls than there are tags do not meet") {
  on_ranks({2}, [](Communicator c) {
    Tensor x = zeros({1}, int64);
    for (int i = 0; i < 8100; ++i) {
      x.fill_(i);
      c.all_reduce(x);
      if (x.item<int>() != 2 * i) FAIL_CHECK("call " << i << ": " << x.item<int>());
    }
  });
}

TEST_CASE("the report of waiting names the rank that came last") {
  on_ranks({2, 4}, [](Communicator c) {
    c.barrier();
    if (c.rank() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(300));
    c.barrier();

    if (c.rank() == 0) CHECK(c.waited_for()[1] > 0.2);
    const std::string report = c.waiting_report();
    CHECK(report.find("longest waited for: rank 1, ") != std::string::npos);
  });
}

TEST_CASE("wrong arguments of calls are errors that say what is needed") {
  on_ranks({2}, [](Communicator c) {
    const int other = 1 - c.rank();
    const auto says = [](const std::function<void()>& f, const std::string& text) {
      CHECK(error_of(f) == text);
    };
    says([&] { c.broadcast(ones({2}), 2); }, "broadcast: there is no rank 2; ranks are 0 to 1");
    says([&] { c.send(ones({2}), c.rank()); },
         "send: rank " + std::to_string(c.rank()) + " is this one; another rank is needed at the other end");
    says([&] { c.send(ones({2}), other, 256); }, "send: the tag must be in [0, 255]: it is 256");
    says([&] { c.all_reduce(ones({2}, boolean)); },
         "all_reduce: booleans have no sum over ranks: x is bool[2]; use Reduce::max, or to(int64)");
    says([&] { c.all_reduce(ones({2}, int64), Reduce::mean); },
         "all_reduce: the mean of integers is none: x is i64[2]; use Reduce::sum, or to(float64)");
    says([&] { c.reduce_scatter(ones({3})); },
         "reduce_scatter: needs one row for each of 2 ranks: x is f32[3]");
    says(
        [&] {
          c.start_all_gather(ones({3}), ones({3, 3}));
        },
        "all_gather: needs one row for each of 2 ranks, of the other's shape and dtype: they are f32[3, 3] "
        "and f32[3]");
    says([&] { c.set_time_limit(0); }, "set_time_limit: the limit must be above 0: it is 0.000000");
    const Tensor recorded = ones({2}, {.requires_grad = true}) * 2;
    CHECK(error_of([&] { c.all_reduce(recorded); }) != "");

    Tensor x = ones({1});  // none of these has sent anything
    c.all_reduce(x);
    CHECK(x.item() == 2);
  });
}

TEST_CASE(
    "ranks with other shapes, dtypes or calls are named on each of them, and the communicator ends there") {
  const auto check = [](const std::function<void(Communicator&)>& f, const std::string& of_0,
                        const std::string& of_1) {
    on_ranks({2, 4}, [&](Communicator all) {
      Communicator c = all.duplicate();
      const bool first = c.rank() == 0;
      const std::string error = error_of([&] { f(c); });
      const std::string own = first ? of_0 : of_1, other = first ? of_1 : of_0;
      const auto naming = [&](int rank) {
        return "Communicator: ranks make different calls: rank " + std::to_string(c.rank()) + " calls " +
               own + ", rank " + std::to_string(rank) + " calls " + other +
               "; all ranks must make the same calls in the same order";
      };
      bool names_one = false;  // whichever has come first
      for (int r = first ? 1 : 0; r < (first ? c.size() : 1); ++r) names_one |= error == naming(r);
      CHECK_MESSAGE(names_one, error);
      CHECK(error_of([&] { c.barrier(); }) == error);
      all.barrier();
    });
  };
  check([](Communicator& c) { c.all_reduce(ones({c.rank() ? 3 : 2})); }, "all_reduce (sum) of f32[2]",
        "all_reduce (sum) of f32[3]");
  check([](Communicator& c) { c.all_reduce(ones({40000}, c.rank() ? float64 : float32)); },
        "all_reduce (sum) of f32[40000]", "all_reduce (sum) of f64[40000]");
  check([](Communicator& c) { c.rank() ? c.barrier() : c.all_reduce(ones({})); }, "all_reduce (sum) of f32[]",
        "barrier");
}

TEST_CASE("a rank that does not come is named when the time is over") {
  on_ranks({2, 4}, [](Communicator all) {
    Communicator c = all.duplicate();
    c.set_time_limit(0.2);
    if (c.rank() != 1) {
      const std::string error = error_of([&] { c.all_reduce(ones({7})); });
      CHECK(error ==
            "Communicator: rank 1 did not come to all_reduce (sum) of f32[7] within 0.2 s: this is rank " +
                std::to_string(c.rank()) + " of " + std::to_string(c.size()) +
                "; look for the error of the missing rank, or allow more by set_time_limit()");
      CHECK(error_of([&] { c.barrier(); }) == error);
    }
    all.barrier();
  });
}
