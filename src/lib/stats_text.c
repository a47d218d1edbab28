/* A sample as runc's JSON: names, order, and what is left out where it is 0. */
#include "lib/stats.h"

#include "base/idlist.h"
#include "base/str.h"
#include "json/json.h"

static void write_nonzero(struct hk_writer *w, const char *key, uint64_t value)
{
	if (value)
		hk_write_u64(w, key, value);
}

static void write_nonempty(struct hk_writer *w, const char *key, const char *value)
{
	if (value && *value)
		hk_write_string(w, key, value);
}

static void write_numbers(
	struct hk_writer *w, const char *key, const struct hk_stats_numbers *numbers)
{
	if (numbers->count == 0)
		return;
	hk_write_array_begin(w, key);
	for (size_t i = 0; i < numbers->count; i++)
		hk_write_u64(w, NULL, numbers->items[i]);
	hk_write_array_end(w);
}

static void write_pressure(
	struct hk_writer *w, const char *key, const struct hk_stats_pressure *pressure)
{
	hk_write_object_begin(w, key);
	hk_write_thousandths(w, "avg10", 10ull * pressure->avg10);
	hk_write_thousandths(w, "avg60", 10ull * pressure->avg60);
	hk_write_thousandths(w, "avg300", 10ull * pressure->avg300);
	hk_write_u64(w, "total", pressure->total);
	hk_write_object_end(w);
}

static void write_psi(struct hk_writer *w, const struct hk_stats_psi *psi)
{
	if (!psi->set)
		return;
	hk_write_object_begin(w, "psi");
	write_pressure(w, "some", &psi->some);
	write_pressure(w, "full", &psi->full);
	hk_write_object_end(w);
}

static void write_cpu(struct hk_writer *w, const struct hk_stats_cpu *cpu)
{
	hk_write_object_begin(w, "cpu");
	hk_write_object_begin(w, "usage");
	write_nonzero(w, "total", cpu->total);
	write_numbers(w, "percpu", &cpu->percpu);
	write_numbers(w, "percpu_kernel", &cpu->percpu_kernel);
	write_numbers(w, "percpu_user", &cpu->percpu_user);
	hk_write_u64(w, "kernel", cpu->kernel);
	hk_write_u64(w, "user", cpu->user);
	hk_write_object_end(w);
	hk_write_object_begin(w, "throttling");
	write_nonzero(w, "periods", cpu->periods);
	write_nonzero(w, "throttledPeriods", cpu->throttled_periods);
	write_nonzero(w, "throttledTime", cpu->throttled_time);
	hk_write_object_end(w);
	write_psi(w, &cpu->psi);
	hk_write_object_end(w);
}

/* "0-2" as [0,1,2] */
static void write_list(struct hk_writer *w, const char *key, const char *list, uint32_t limit)
{
	uint32_t first, last;

	if (!list || !*list)
		return;
	hk_write_array_begin(w, key);
	while (list && hk_id_list_next(&list, limit, &first, &last) == 0)
		for (uint32_t i = first; i <= last; i++)
			hk_write_u64(w, NULL, i);
	hk_write_array_end(w);
}

static void write_cpuset(struct hk_writer *w, const struct hk_stats_cpuset *cpuset)
{
	hk_write_object_begin(w, "cpuset");
	write_list(w, "cpus", cpuset->cpus, HK_CPU_LIMIT);
	hk_write_u64(w, "cpu_exclusive", cpuset->cpu_exclusive);
	write_list(w, "mems", cpuset->mems, HK_NODE_LIMIT);
	hk_write_u64(w, "mem_hardwall", cpuset->mem_hardwall);
	hk_write_u64(w, "mem_exclusive", cpuset->mem_exclusive);
	hk_write_u64(w, "memory_migrate", cpuset->memory_migrate);
	hk_write_u64(w, "memory_spread_page", cpuset->memory_spread_page);
	hk_write_u64(w, "memory_spread_slab", cpuset->memory_spread_slab);
	hk_write_u64(w, "memory_pressure", cpuset->memory_pressure);
	hk_write_u64(w, "sched_load_balance", cpuset->sched_load_balance);
	hk_write_i64(w, "sched_relax_domain_level", cpuset->sched_relax_domain_level);
	hk_write_object_end(w);
}

static void write_kind(
	struct hk_writer *w, const char *key, const struct hk_stats_memory_kind *kind)
{
	hk_write_object_begin(w, key);
	hk_write_u64(w, "limit", kind->limit);
	write_nonzero(w, "usage", kind->usage);
	write_nonzero(w, "max", kind->max);
	hk_write_u64(w, "failcnt", kind->failcnt);
	hk_write_object_end(w);
}

static void write_memory(struct hk_writer *w, const struct hk_stats_memory *memory)
{
	hk_write_object_begin(w, "memory");
	write_nonzero(w, "cache", memory->cache);
	write_kind(w, "usage", &memory->usage);
	write_kind(w, "swap", &memory->swap);
	write_kind(w, "kernel", &memory->kernel);
	write_kind(w, "kernelTCP", &memory->kernel_tcp);
	if (memory->raw.count) {
		hk_write_object_begin(w, "raw");
		for (size_t i = 0; i < memory->raw.count; i++)
			hk_write_u64(w, memory->raw.items[i].key, memory->raw.items[i].value);
		hk_write_object_end(w);
	}
	write_psi(w, &memory->psi);
	hk_write_object_end(w);
}

static void write_ios(struct hk_writer *w, const char *key, const struct hk_stats_ios *ios)
{
	if (ios->count == 0)
		return;
	hk_write_array_begin(w, key);
	for (size_t i = 0; i < ios->count; i++) {
		hk_write_object_begin(w, NULL);
		write_nonzero(w, "major", ios->items[i].major);
		write_nonzero(w, "minor", ios->items[i].minor);
		write_nonempty(w, "op", ios->items[i].op);
		write_nonzero(w, "value", ios->items[i].value);
		hk_write_object_end(w);
	}
	hk_write_array_end(w);
}

static void write_blkio(struct hk_writer *w, const struct hk_stats_blkio *blkio)
{
	hk_write_object_begin(w, "blkio");
	write_ios(w, "ioServiceBytesRecursive", &blkio->bytes);
	write_ios(w, "ioServicedRecursive", &blkio->serviced);
	write_ios(w, "ioQueueRecursive", &blkio->queued);
	write_ios(w, "ioServiceTimeRecursive", &blkio->service_time);
	write_ios(w, "ioWaitTimeRecursive", &blkio->wait_time);
	write_ios(w, "ioMergedRecursive", &blkio->merged);
	write_ios(w, "ioTimeRecursive", &blkio->time);
	write_ios(w, "sectorsRecursive", &blkio->sectors);
	write_psi(w, &blkio->psi);
	hk_write_object_end(w);
}

static void write_hugetlb(struct hk_writer *w, const struct hk_stats *stats)
{
	hk_write_object_begin(w, "hugetlb");
	for (size_t i = 0; i < stats->hugetlb_count; i++) {
		hk_write_object_begin(w, stats->hugetlb[i].page_size);
		write_nonzero(w, "usage", stats->hugetlb[i].usage);
		write_nonzero(w, "max", stats->hugetlb[i].max);
		hk_write_u64(w, "failcnt", stats->hugetlb[i].failcnt);
		hk_write_object_end(w);
	}
	hk_write_object_end(w);
}

static void write_rdt_nodes(struct hk_writer *w, const struct hk_rdt_stats *rdt)
{
	if (rdt->has_bandwidth) {
		hk_write_array_begin(w, "mbm_stats");
		for (size_t i = 0; i < rdt->node_count; i++) {
			hk_write_object_begin(w, NULL);
			write_nonzero(w, "mbm_total_bytes", rdt->nodes[i].total_bytes);
			write_nonzero(w, "mbm_local_bytes", rdt->nodes[i].local_bytes);
			hk_write_object_end(w);
		}
		hk_write_array_end(w);
	}
	if (rdt->has_occupancy) {
		hk_write_array_begin(w, "cmt_stats");
		for (size_t i = 0; i < rdt->node_count; i++) {
			hk_write_object_begin(w, NULL);
			write_nonzero(w, "llc_occupancy", rdt->nodes[i].occupancy);
			hk_write_object_end(w);
		}
		hk_write_array_end(w);
	}
}

static void write_rdt(struct hk_writer *w, const struct hk_rdt_stats *rdt)
{
	hk_write_object_begin(w, "intel_rdt");
	if (rdt->cbm_mask) {
		hk_write_object_begin(w, "l3_cache_info");
		write_nonempty(w, "cbm_mask", rdt->cbm_mask);
		write_nonzero(w, "min_cbm_bits", rdt->min_cbm_bits);
		write_nonzero(w, "num_closids", rdt->l3_closids);
		hk_write_object_end(w);
	}
	write_nonempty(w, "l3_cache_schema_root", rdt->l3_schema_root);
	write_nonempty(w, "l3_cache_schema", rdt->l3_schema);
	if (rdt->mb_closids) {
		hk_write_object_begin(w, "mem_bw_info");
		write_nonzero(w, "bandwidth_gran", rdt->bandwidth_gran);
		write_nonzero(w, "delay_linear", rdt->delay_linear);
		write_nonzero(w, "min_bandwidth", rdt->min_bandwidth);
		write_nonzero(w, "num_closids", rdt->mb_closids);
		hk_write_object_end(w);
	}
	write_nonempty(w, "mem_bw_schema_root", rdt->mb_schema_root);
	write_nonempty(w, "mem_bw_schema", rdt->mb_schema);
	write_rdt_nodes(w, rdt);
	hk_write_object_end(w);
}

char *hk_stats_text(const char *id, const struct hk_stats *stats, const struct hk_rdt_stats *rdt)
{
	struct hk_strbuf text = {0};
	struct hk_writer w;

	hk_writer_init(&w, &text, NULL);
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "type", "stats");
	hk_write_string(&w, "id", id);
	hk_write_object_begin(&w, "data");
	write_cpu(&w, &stats->cpu);
	write_cpuset(&w, &stats->cpuset);
	write_memory(&w, &stats->memory);
	hk_write_object_begin(&w, "pids");
	write_nonzero(&w, "current", stats->pids.current);
	write_nonzero(&w, "limit", stats->pids.limit);
	hk_write_object_end(&w);
	write_blkio(&w, &stats->blkio);
	write_hugetlb(&w, stats);
	write_rdt(&w, rdt);
	hk_write_null(
		&w, "network_interfaces"); /* as runc: it has none since docker's early days */
	hk_write_object_end(&w);
	hk_write_object_end(&w);
	return hk_strbuf_take(&text);
}
