// Ranks that are processes of MPI. Nothing here waits inside MPI but its start, its end and a duplicate that
// all ranks make: calls are begun and tested, so that a time limit holds and more ranks than cores get on.

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <thread>

#include "channel.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/parallel/launch.hpp"

namespace xgrad::parallel {

namespace detail {

namespace {

/// Held in every call of MPI, which threads may make in turn (MPI_THREAD_SERIALIZED).
std::mutex& mpi_mutex() {
  static std::mutex mutex;
  return mutex;
}

void check_mpi(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw Error(std::string("Communicator: ") + what +
              " failed: " + std::string(text, static_cast<std::size_t>(length)) +
              "; look at what mpirun says of the other ranks");
}

bool is_ended() {
  int ended = 0;
  MPI_Finalized(&ended);
  return ended != 0;
}

/// More bytes than an int counts travel in larger units.
struct Units {
  explicit Units(std::size_t bytes) {
    if (bytes <= static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      count = static_cast<int>(bytes);
      return;
    }
    constexpr std::size_t unit = std::size_t{1} << 20;
    const std::size_t rest = bytes % unit;
    MPI_Datatype block, body, both;
    MPI_Type_contiguous(static_cast<int>(unit), MPI_BYTE, &block);
    MPI_Type_contiguous(static_cast<int>(bytes / unit), block, &body);
    int lengths[] = {1, static_cast<int>(rest)};
    MPI_Aint places[] = {0, static_cast<MPI_Aint>(bytes - rest)};
    MPI_Datatype types[] = {body, MPI_BYTE};
    MPI_Type_create_struct(2, lengths, places, types, &both);
    MPI_Type_commit(&both);
    MPI_Type_free(&block), MPI_Type_free(&body);
    type = both, count = 1, made = true;
  }
  ~Units() {
    if (made) MPI_Type_free(&type);
  }
  Units(const Units&) = delete;
  Units& operator=(const Units&) = delete;

  MPI_Datatype type = MPI_BYTE;
  int count = 0;
  bool made = false;
};

class MpiTransfer : public Transfer {
 public:
  explicit MpiTransfer(bool receives) : receives_(receives) {}
  ~MpiTransfer() override {
    if (request == MPI_REQUEST_NULL || is_ended()) return;
    const std::lock_guard lock(mpi_mutex());
    if (receives_) {  // nobody is to write where the bytes would have come
      MPI_Cancel(&request);
      MPI_Wait(&request, MPI_STATUS_IGNORE);
    } else {
      MPI_Request_free(&request);
    }
  }

  bool is_done() override {
    if (request == MPI_REQUEST_NULL) return true;
    int done = 0;
    MPI_Status status;
    const std::lock_guard lock(mpi_mutex());
    check_mpi(MPI_Test(&request, &done, &status), receives_ ? "a receive" : "a send");
    if (done && receives_) {
      MPI_Count count = 0;
      MPI_Get_elements_x(&status, MPI_BYTE, &count);
      received_ = static_cast<std::size_t>(count);
    }
    return done != 0;
  }
  std::size_t received() const override { return received_; }

  MPI_Request request = MPI_REQUEST_NULL;

 private:
  bool receives_;
  std::size_t received_ = 0;
};

class MpiEngine : public Engine {
 public:
  /// The communicator becomes its own.
  explicit MpiEngine(MPI_Comm its) : comm_(its) {
    MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm_, &rank_);
    MPI_Comm_size(comm_, &size_);
  }
  ~MpiEngine() override {
    // Not freed: that is a call of all ranks, which a rank that has failed does not make.
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  const char* name() const override { return "MPI"; }

  std::unique_ptr<Transfer> send(int to, int tag, std::span<const std::byte> bytes) override {
    check_running();
    auto transfer = std::make_unique<MpiTransfer>(false);
    const std::lock_guard lock(mpi_mutex());
    const Units units(bytes.size());
    check_mpi(MPI_Isend(bytes.data(), units.count, units.type, to, tag, comm_, &transfer->request), "a send");
    return transfer;
  }
  std::unique_ptr<Transfer> receive(int from, int tag, std::span<std::byte> bytes) override {
    check_running();
    auto transfer = std::make_unique<MpiTransfer>(true);
    const std::lock_guard lock(mpi_mutex());
    const Units units(bytes.size());
    check_mpi(MPI_Irecv(bytes.data(), units.count, units.type, from, tag, comm_, &transfer->request),
              "a receive");
    return transfer;
  }
  std::shared_ptr<Engine> duplicate(double time_limit) override {
    check_running();
    return std::make_shared<MpiEngine>(duplicate_of(comm_, time_limit));
  }
  void check_others() override { check_running(); }
  void check_threads() const override {
    int level = MPI_THREAD_SINGLE;
    MPI_Query_thread(&level);
    if (level < MPI_THREAD_SERIALIZED)
      throw Error(
          "Replica: progress_thread needs an MPI that was started with MPI_THREAD_SERIALIZED; let world() "
          "start it, or call MPI_Init_thread");
  }

  static MPI_Comm duplicate_of(MPI_Comm comm, double time_limit) {
    MPI_Comm copy = MPI_COMM_NULL;
    MPI_Request request = MPI_REQUEST_NULL;
    {
      const std::lock_guard lock(mpi_mutex());
      check_mpi(MPI_Comm_idup(comm, &copy, &request), "a duplicate");
    }
    const Clock::time_point start = Clock::now();
    for (int done = 0; !done; std::this_thread::yield()) {
      {
        const std::lock_guard lock(mpi_mutex());
        check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "a duplicate");
      }
      if (!done && Clock::now() - start > std::chrono::duration<double>(time_limit))
        throw Error("Communicator: not all ranks came to duplicate() within " + std::to_string(time_limit) +
                    " s; all must call it");
    }
    return copy;
  }

 private:
  static void check_running() {
    if (is_ended())
      throw Error("Communicator: MPI has been ended; a communicator must not be used behind MPI_Finalize");
  }

  MPI_Comm comm_;
  int rank_ = 0, size_ = 1;
};

/// Starts MPI where nobody has, and ends then what it has started.
class Session {
 public:
  Session() {
    int started = 0, level = 0;
    MPI_Initialized(&started);
    if (!started) {
      check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &level), "the start of MPI");
      owns_ = true;
    }
  }
  ~Session() {
    if (owns_ && !is_ended()) MPI_Finalize();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  bool owns_ = false;
};

/// Throws Error in a world of one that an mpirun of another MPI has started several times.
void check_same_mpi(int size) {
  if (size > 1) return;
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* text = std::getenv(name); text && std::atoi(text) > 1)
      throw Error(std::string("world: mpirun has started ") + text +
                  " processes, and this one is alone: mpirun belongs to another MPI; xgrad was built with "
                  "that of mpirun." +
#ifdef OPEN_MPI
                  "openmpi"
#else
                  "mpich"
#endif
      );
}

}  // namespace

}  // namespace detail

Communicator world() {
  using namespace detail;
  if (is_ended()) throw Error("world: MPI has been ended by this program; call world() before MPI_Finalize");
  static const Session session;
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  check_same_mpi(size);
  static const double limit = 300;
  return Communicator(
      std::make_shared<Channel>(std::make_shared<MpiEngine>(MpiEngine::duplicate_of(MPI_COMM_WORLD, limit))));
}

int run(const std::function<int(Communicator)>& f) {
  int rank = -1;
  std::string message;
  try {
    const Communicator all = world();
    rank = all.rank();
    return f(all);
  } catch (const std::exception& e) {
    message = e.what();
  } catch (...) {
    message = "an exception that is no std::exception";
  }
  std::fprintf(stderr, "rank %d: %s\n", rank, message.c_str());
  std::fflush(nullptr);
  // mpirun reads the message from a pipe, and may let it go when it ends the job.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  int started = 0;
  MPI_Initialized(&started);
  if (started && !detail::is_ended()) MPI_Abort(MPI_COMM_WORLD, 1);
  std::_Exit(1);
}

}  // namespace xgrad::parallel
