import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { SVGRenderer } from 'echarts/renderers'

/** Only the parts of ECharts that the console draws with; loaded apart from the page. */
use([BarChart, LineChart, GridComponent, TooltipComponent, LabelLayout, SVGRenderer])

export { init }
