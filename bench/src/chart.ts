import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { summarise } from './measurement.ts';
import type { Chart, Outcome, Series } from './measurement.ts';
import { format } from './report.ts';

use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);

const WIDTH = 760;
/** The room for what bars are called. */
const LABELS = 240;
const OURS = '#1a6dd0';
const OTHERS = '#9aa5b1';

const plain = (text: string): string => text.replaceAll('`', '');
const medianOf = ({ samples }: Series): number => Number(summarise(samples).median.toPrecision(5));

const bars = (series: readonly Series[], { unit }: Chart) => ({
  grid: { left: LABELS + 15, right: 90, top: 10, bottom: 45, outerBoundsMode: 'none' },
  xAxis: { type: 'value', name: unit, nameLocation: 'middle', nameGap: 28 },
  yAxis: {
    type: 'category',
    inverse: true,
    data: series.map(({ subject, at }) => plain(at === undefined ? subject : `${at}: ${subject}`)),
    axisTick: { show: false },
    axisLabel: { width: LABELS, overflow: 'break' },
  },
  series: [
    {
      type: 'bar',
      barMaxWidth: 22,
      label: { show: true, position: 'right', formatter: ({ value }: { value: number }) => format(value) },
      data: series.map((one) => ({
        value: medianOf(one),
        itemStyle: { color: /^ours?\b/.test(one.subject) ? OURS : OTHERS },
      })),
    },
  ],
});

const lines = (series: readonly Series[], { unit, over }: Chart) => {
  const subjects = [...new Set(series.map(({ subject }) => subject))];
  const axis = { type: 'log', nameLocation: 'middle', axisLabel: { formatter: format } };
  return {
    grid: { left: 40, right: 30, top: 40, bottom: 30 },
    legend: { data: subjects.map(plain), top: 5 },
    xAxis: { ...axis, name: over, nameGap: 28 },
    yAxis: { ...axis, name: unit, nameGap: 60 },
    series: subjects.map((subject) => ({
      name: plain(subject),
      type: 'line',
      label: { show: true, formatter: ({ value }: { value: [number, number] }) => format(value[1]) },
      ...(subject === 'baseline' && { color: OTHERS }),
      ...(subject === 'ours' && { color: OURS }),
      data: series.filter((one) => one.subject === subject).map((one) => [Number(one.at), medianOf(one)]),
    })),
  };
};

/** The medians as an SVG, the same for the same figures. */
export const drawChart = ({ series, chart }: Outcome): string => {
  const drawn = series.filter(({ unit }) => unit === chart.unit);
  const height = chart.kind === 'bars' ? 70 + 32 * drawn.length : 360;
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const option = chart.kind === 'bars' ? bars(drawn, chart) : lines(drawn, chart);
  canvas.setOption({ animation: false, backgroundColor: '#fff', ...option });
  const svg = canvas.renderToSVGString();
  canvas.dispose();
  // Its names count on from the charts that were drawn before.
  const names: string[] = [];
  return `${svg.replaceAll(/\bzr\d+-[\w-]+/g, (name) => {
    if (!names.includes(name)) names.push(name);
    return `zr-${names.indexOf(name)}`;
  })}\n`;
};
